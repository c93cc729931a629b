const blockBytes = 512;

/** One file of a tar archive, by its path. Throws when it is not there. https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06 */
export const readTarFile = (archive: Buffer, path: string): Buffer => {
  for (let offset = 0; offset + blockBytes <= archive.length; ) {
    const name = textAt(archive, offset, 100);
    if (name === "") break;
    const prefix = textAt(archive, offset + 345, 155);
    const bytes = Number.parseInt(textAt(archive, offset + 124, 12), 8);
    const start = offset + blockBytes;
    if ((prefix === "" ? name : `${prefix}/${name}`) === path) return archive.subarray(start, start + bytes);
    offset = start + Math.ceil(bytes / blockBytes) * blockBytes;
  }
  throw new Error(`the archive has no ${path}`);
};

const textAt = (archive: Buffer, offset: number, bytesMax: number): string => {
  const field = archive.subarray(offset, offset + bytesMax);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end === -1 ? bytesMax : end).trim();
};
