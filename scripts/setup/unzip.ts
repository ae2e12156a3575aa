/**
 * Takes named files out of a ZIP archive, so that setup needs neither `unzip` nor Python on the machine.
 * usage: unzip.ts ARCHIVE DEST NAME...    each NAME lands in DEST under its base name.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { crc32, inflateRawSync } from 'node:zlib'

const endOfDirectory = 0x06054b50
const directoryEntry = 0x02014b50
const stored = 0
const deflated = 8

const extract = (archive: Buffer, wanted: string): Buffer => {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]))
  if (end < 0 || archive.readUInt32LE(end) !== endOfDirectory) throw new Error('not a ZIP archive')
  let at = archive.readUInt32LE(end + 16)
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    if (archive.readUInt32LE(at) !== directoryEntry) throw new Error('the ZIP directory is damaged')
    const nameLength = archive.readUInt16LE(at + 28)
    const next = at + 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32)
    if (archive.toString('utf8', at + 46, at + 46 + nameLength) === wanted) return inflate(archive, at)
    at = next
  }
  throw new Error(`${wanted} is not in the archive`)
}

/** Sizes are read from the directory: the local header may leave them to a data descriptor. */
const inflate = (archive: Buffer, entry: number): Buffer => {
  const method = archive.readUInt16LE(entry + 10)
  const local = archive.readUInt32LE(entry + 42)
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
  const packed = archive.subarray(start, start + archive.readUInt32LE(entry + 20))
  if (method !== stored && method !== deflated) throw new Error(`compression method ${method} is not supported`)
  const data = method === stored ? packed : inflateRawSync(packed)
  if (crc32(data) !== archive.readUInt32LE(entry + 16)) throw new Error('a checksum in the archive does not match')
  return data
}

const [archivePath, destination, ...names] = process.argv.slice(2)
if (archivePath === undefined || destination === undefined) throw new Error('usage: unzip.ts ARCHIVE DEST NAME...')
const archive = readFileSync(archivePath)
for (const name of names) writeFileSync(path.join(destination, path.basename(name)), extract(archive, name))
