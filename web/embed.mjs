// Makes of the built files one blob and one C++ source with a table of them (src/interfaces/web_files.hpp). The blob holds
// each file gzipped, and the assembler takes it in as it is (.incbin), which costs the compiler nothing.
//
//   node embed.mjs DIST OUT_CPP OUT_BLOB
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

const [dist, source, blob] = process.argv.slice(2).map((path) => resolve(path));
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.md': 'text/plain; charset=utf-8' };
// The build puts a hash into the names of what it makes: such a file never changes and may be kept for ever.
const hashed = /-[A-Za-z0-9_-]{8}\.(js|css)$/;

const parts = [], rows = [];
let at = 0;
const paths = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(dist.length).replaceAll('\\', '/')).sort();
for (const path of paths) {
  const type = types[extname(path)];
  if (!type) throw new Error(`${path}: no content type is known for it`);
  const bytes = readFileSync(join(dist, path));
  const packed = gzipSync(bytes, { level: 9 });
  packed[9] = 255;  // the operating system is no part of the file: the same bytes everywhere
  const etag = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  rows.push(`    WebFile{"${path}", "${type}", part(${at}, ${packed.length}), "\\"${etag}\\"", ${hashed.test(path)}},`);
  parts.push(packed);
  at += packed.length;
}
const whole = Buffer.concat(parts);
writeFileSync(blob, whole);
writeFileSync(source, `// Generated from web/dist by web/embed.mjs.
#include <array>

#include "interfaces/web_files.hpp"

// Blob ${createHash('sha256').update(whole).digest('hex')}
__asm__(
    ".section .rodata.millwright_web,\\"a\\",%progbits\\n"
    ".global millwright_web_blob\\n"
    "millwright_web_blob:\\n"
    ".incbin \\"${blob}\\"\\n"
    ".byte 0\\n"
    ".previous\\n");
extern "C" const char millwright_web_blob[];  // NOLINT(modernize-avoid-c-arrays)

namespace millwright::interfaces {
namespace {
std::string_view part(std::size_t begin, std::size_t size) {
  return {&millwright_web_blob[begin], size};
}
}  // namespace

std::span<const WebFile> web_files() {
  static const std::array files{
${rows.join('\n')}
  };
  return files;
}
}  // namespace millwright::interfaces
`);
console.log(`web: ${paths.length} files, ${(at / 1024).toFixed(0)} KiB gzipped`);
