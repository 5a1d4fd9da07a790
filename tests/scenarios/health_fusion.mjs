// A second implementation of the gateway's default fusion: remaining life, anomaly score and state of the sensors as a
// noisy-OR of calibrated probabilities of trouble, each smoothed fast upwards and slowly downwards, with hysteresis of
// the state. For scans whose inputs are all there; what is held over gaps is not here.

const second = 1000;
const [rise, recovery] = [30 * second, 600 * second];

/** Straight lines between the points, flat beyond. */
const between = (points, x) => {
  if (x <= points[0][0]) return points[0][1];
  for (let i = 1; i < points.length; ++i) {
    const [[x0, y0], [x1, y1]] = [points[i - 1], points[i]];
    if (x < x1) return y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
  }
  return points.at(-1)[1];
};

/** A fifth of the longest life that the model tells is the limit at which life alone brings an asset to `watch`. */
export const fusionOf = (target_max) => {
  const limit = 0.2 * target_max;
  const inputs = [
    { name: 'rul', weight: 0.9, points: [[0, 1], [limit, 0.5], [2 * limit, 0.15], [target_max, 0]] },
    { name: 'anomaly', weight: 0.7, points: [[0.4, 0], [0.5, 0.2], [0.7, 0.7], [1, 1]] },
    { name: 'sensors', weight: 0.3, points: [[0, 1], [0.5, 0.5], [1, 0]] },
  ];
  const weights = inputs.reduce((sum, { weight }) => sum + weight, 0);
  const hazards = inputs.map(() => 0);
  let before;
  let level = 'good';
  const stateOf = (health) => {
    if (health < 0.4 || (level === 'bad' && health <= 0.5)) return 'bad';
    return health < 0.7 || (level !== 'good' && health <= 0.8) ? 'watch' : 'good';
  };
  /** `readings`: by name {value, is_full}; one of a window that is not full counts half in the confidence. */
  return (ms, readings) => {
    let worth = 0;
    inputs.forEach(({ name, weight, points }, i) => {
      const wanted = -Math.log1p(-weight * between(points, readings[name].value));
      const constant = wanted > hazards[i] ? rise : recovery;
      hazards[i] += (before === undefined ? 1 : -Math.expm1(-(ms - before) / constant)) * (wanted - hazards[i]);
      worth += weight * (readings[name].is_full ? 1 : 0.5);
    });
    before = ms;
    const hazard = hazards.reduce((sum, x) => sum + x, 0);
    const health = Math.exp(-hazard);
    const part = (i) => (hazard > 0 ? ((1 - health) * hazards[i]) / hazard : 0);
    level = stateOf(health);
    return { health, 'health/confidence': worth / weights, 'health/state': level, 'health/by/rul': part(0),
      'health/by/anomaly': part(1), 'health/by/sensors': part(2) };
  };
};
