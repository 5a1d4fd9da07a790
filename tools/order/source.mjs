// Reading C++ just well enough for the order check: the text without comments and without what stands in literals, with
// every line break kept, so that a match tells its line. It is no parser and knows no macros.

// Returns {code, directives}: `code` has comments and literal contents blanked; `directives` only the comments, so that
// the paths of #include lines survive.
export function strip(text) {
  const code = [...text];
  const directives = [...text];
  const blank = (from, to, both) => {
    for (let i = from; i < to; ++i) {
      if (text[i] === '\n') continue;
      code[i] = ' ';
      if (both) directives[i] = ' ';
    }
  };
  let i = 0;
  while (i < text.length) {
    const c = text[i];
    if (c === '/' && text[i + 1] === '/') {
      let end = text.indexOf('\n', i);
      while (end > 0 && text[end - 1] === '\\') end = text.indexOf('\n', end + 1);
      if (end < 0) end = text.length;
      blank(i, end, true);
      i = end;
    } else if (c === '/' && text[i + 1] === '*') {
      let end = text.indexOf('*/', i + 2);
      end = end < 0 ? text.length : end + 2;
      blank(i, end, true);
      i = end;
    } else if (c === '"' && text[i - 1] === 'R' && !/[A-Za-z0-9_]/.test((text[i - 2] ?? ' ').replace(/[uUL8]/, ' '))) {
      const open = text.indexOf('(', i);
      const close = `)${text.slice(i + 1, open)}"`;
      let end = text.indexOf(close, open);
      end = end < 0 ? text.length : end + close.length;
      blank(i + 1, end - 1, false);
      i = end;
    } else if (c === '"' || (c === "'" && !isDigitSeparator(text, i))) {
      let end = i + 1;
      while (end < text.length && text[end] !== c && text[end] !== '\n') end += text[end] === '\\' ? 2 : 1;
      blank(i + 1, Math.min(end, text.length), false);
      i = end + 1;
    } else {
      ++i;
    }
  }
  return { code: code.join(''), directives: directives.join('') };
}

function isDigitSeparator(text, i) {
  if (!/[0-9A-Fa-f]/.test(text[i - 1] ?? '') || !/[0-9A-Fa-f]/.test(text[i + 1] ?? '')) return false;
  let start = i - 1;
  while (start > 0 && /[0-9A-Za-z_']/.test(text[start - 1])) --start;
  return /[0-9]/.test(text[start]);
}

// #include lines: [{line, path, quoted}].
export function includes(directives) {
  const found = [];
  directives.split('\n').forEach((line, index) => {
    const match = /^\s*#\s*include\s*(?:<([^>]+)>|"([^"]+)")/.exec(line);
    if (match) found.push({ line: index + 1, path: match[1] ?? match[2], quoted: match[2] !== undefined });
  });
  return found;
}

// Line number (from 1) of an offset, by binary search over the starts of lines.
export function lineIndex(text) {
  const starts = [0];
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) starts.push(i + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}
