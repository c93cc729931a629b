/** Version of the package; `npm run check` compares it with package.json. */
export const version = "0.1.0";
/** The reference version whose seams we speak: what tools that ask for `ray_version` get. */
export const rayVersion = "2.52.0";
