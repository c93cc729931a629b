import { type Html, html } from "./html.ts";

/** What a browser without a session sees. */
export const loginHtml = (): Html => html`<h2>Log in</h2>
<p>This cluster asks for its token: the content of <code>~/.manta/auth_token</code> on the head, or <code>RAY_AUTH_TOKEN</code>.</p>
<form><input name="token" type="password" autocomplete="current-password" aria-label="Token" required autofocus><button>Log in</button></form>
<p id="wrong" class="bad" hidden>That is not the token of this cluster.</p>`;
