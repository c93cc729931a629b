/**
 * Which texts the API takes as names, labels and annotations.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 * Each function gives what is wrong, nothing when all is well.
 */

const label1123 = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain1123 = `${label1123}(\\.${label1123})*`;
const label1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
const qualifiedPart = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const labelValue = `(${qualifiedPart})?`;

const labelBytesMax = 63;
const subdomainBytesMax = 253;

const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);
const patterns = {
  label1123: whole(label1123),
  subdomain1123: whole(subdomain1123),
  label1035: whole(label1035),
  qualifiedPart: whole(qualifiedPart),
  labelValue: whole(labelValue),
};

const check = (value: string, bytesMax: number, pattern: RegExp, rule: string): string[] => {
  const problems: string[] = [];
  if (Buffer.byteLength(value) > bytesMax) problems.push(`must be no more than ${bytesMax} bytes`);
  if (!pattern.test(value)) problems.push(rule);
  return problems;
};

/** A DNS label: containers, volumes, namespaces. */
export const dns1123Label = (value: string): string[] =>
  check(
    value,
    labelBytesMax,
    patterns.label1123,
    `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${label1123}')`,
  );

/** A DNS subdomain: most objects. */
export const dns1123Subdomain = (value: string): string[] =>
  check(
    value,
    subdomainBytesMax,
    patterns.subdomain1123,
    `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain1123}')`,
  );

/** A DNS label that starts with a letter: Services. */
export const dns1035Label = (value: string): string[] =>
  check(
    value,
    labelBytesMax,
    patterns.label1035,
    `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '${label1035}')`,
  );

/** Anything that can be a part of a path: roles and bindings. */
export const pathSegment = (value: string): string[] => {
  if (value === "." || value === "..") return [`may not be '${value}'`];
  return ["/", "%"].filter((char) => value.includes(char)).map((char) => `may not contain '${char}'`);
};

/** A label's value. */
export const labelValueProblems = (value: string): string[] =>
  check(
    value,
    labelBytesMax,
    patterns.labelValue,
    `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '${labelValue}')`,
  );

/** A key of labels and annotations: a name, or a DNS subdomain, a slash and a name. */
export const qualifiedName = (value: string): string[] => {
  const parts = value.split("/");
  if (parts.length > 2) {
    return [
      `a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${qualifiedPart}') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const name = parts.at(-1) ?? "";
  const prefix = parts.length === 2 ? parts[0] : undefined;
  const problems: string[] = [];
  if (prefix === "") problems.push("prefix part must be non-empty");
  else if (prefix !== undefined) problems.push(...dns1123Subdomain(prefix).map((rule) => `prefix part ${rule}`));
  if (name === "") return [...problems, "name part must be non-empty"];
  const rule = `must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${qualifiedPart}')`;
  return [...problems, ...check(name, labelBytesMax, patterns.qualifiedPart, rule).map((text) => `name part ${text}`)];
};
