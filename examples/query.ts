/**
 * Sends one request at a time, for ever, and counts failures: run it, then kill things.
 *
 *   node examples/query.ts [URL] [BODY] [COUNT]
 *
 * A failure is a request that got no answer, or one other than 200.
 */
const [url = "http://127.0.0.1:8000/fruit/", body = '["PEAR", 12]', count = "Infinity"] = process.argv.slice(2);

let failures = 0;
for (let index = 0; index < Number(count); index += 1) {
  process.stdout.write(`req_index : ${index}, num_fail: ${failures}\n`);
  try {
    const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    const text = await response.text();
    if (response.status !== 200) failures += 1;
    process.stdout.write(`response: ${text}\n`);
  } catch (error) {
    failures += 1;
    process.stdout.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}
