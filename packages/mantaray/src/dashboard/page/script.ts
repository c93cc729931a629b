/** Refreshes the page in place; the log-in form trades the token for a cookie without putting it into the URL. */
export const script = `
const main = document.querySelector("main");
const refresh = async () => {
  if (document.hidden || main.dataset.refresh === undefined) return;
  try {
    const response = await fetch(location.pathname, { signal: AbortSignal.timeout(8000) });
    if (response.status === 401) return location.reload();
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    main.replaceChildren(...page.querySelector("main").childNodes);
    document.body.classList.remove("stale");
  } catch {
    document.body.classList.add("stale");
  }
};
const loop = () => refresh().finally(() => setTimeout(loop, 2000));
setTimeout(loop, 2000);
document.querySelector("form")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = event.target.elements.token.value.trim();
  const response = await fetch("/api/authenticate", { method: "POST", headers: { authorization: "Bearer " + token } });
  if (response.ok) location.replace("/");
  else document.querySelector("#wrong").hidden = false;
});
`;
