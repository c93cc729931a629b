import { createHash } from "node:crypto";
import { Html, html } from "./html.ts";
import { script } from "./script.ts";
import { style } from "./style.ts";

const hashSource = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Only our own style and script run, and only we are asked for data. */
const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src ${hashSource(style)}`,
  `script-src ${hashSource(script)}`,
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Headers of every page. */
export const pageHeaders: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": contentSecurityPolicy,
};

/** A whole page around its main part. `refresh`: the main part is fetched again every 2 s. */
export const documentHtml = (main: Html, options: { readonly refresh: boolean }): string =>
  `<!doctype html>\n${
    html`<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Manta</title><style>${new Html(style)}</style></head><body>
<header><h1>Manta</h1><span id="stale">not answering: what you see is old</span></header>
<main${options.refresh ? html` data-refresh` : null}>${main}</main>
<script>${new Html(script)}</script></body></html>`.text
  }`;
