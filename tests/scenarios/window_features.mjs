// Features of a scan by the declared rule, in textbook form: of each input its newest value, then of the last 5, 15, …
// scans (fewer at the beginning of a life) mean, least-squares slope per scan and standard deviation with n − 1; at the
// end the count of scans so far. Models see them as 32-bit floats.

const functions = {
  mean: (window) => window.reduce((sum, x) => sum + x, 0) / window.length,
  std: (window) => {
    if (window.length < 2) return 0;
    const mean = functions.mean(window);
    return Math.sqrt(window.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (window.length - 1));
  },
  slope: (window) => {
    if (window.length < 2) return 0;
    const mean = functions.mean(window);
    const middle = (window.length - 1) / 2;
    let cross = 0;
    let squares = 0;
    window.forEach((x, i) => {
      cross += (i - middle) * (x - mean);
      squares += (i - middle) ** 2;
    });
    return cross / squares;
  },
};

/** `scans`: one array of values a scan, up to and including the one that is judged; `inputs`: their places there. */
export const featuresOf = (rule, inputs, scans) => {
  const row = [];
  for (const input of inputs) {
    if (rule.functions.includes('last')) row.push(scans.at(-1)[input]);
    for (const size of rule.windows) {
      const window = scans.slice(-size).map((values) => values[input]);
      for (const name of rule.functions) if (name !== 'last') row.push(functions[name](window));
    }
  }
  if (rule.add_age) row.push(scans.length);
  return Float32Array.from(row);
};
