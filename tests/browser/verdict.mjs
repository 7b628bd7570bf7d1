// What an observed playback is worth. Pure: no browser, no clock.

// A picture may be this far from the wanted end when the player stops there, in seconds.
const END_TOLERANCE_S = 0.3;
// A slow machine may leave out pictures for so long; a switch of rungs may show some again. In seconds.
const GAP_S = 0.5;
const REPEAT_S = 0.1;
// Sound and picture begin together: half of what a viewer can notice, in seconds.
const SYNC_TOLERANCE_S = 0.005;

// `seen`: window.observe() of the page. `wanted`: seconds, rendition (min, max, switch, auto), sound, pictures. `server`: what it
// gave and refused. `stopped`: why nobody watched any longer, if not for the wanted end.
export function judge(seen, wanted, server, stopped) {
  const errors = [...seen.errors];
  if (stopped) errors.push(`${stopped} at ${seen.time.toFixed(2)} s`);
  for (const request of server.refused) errors.push(`http ${request}`);
  const end = Math.min(wanted.seconds, seen.duration ?? wanted.seconds);
  if (seen.time < end - END_TOLERANCE_S) errors.push(`played ${seen.time.toFixed(2)} of ${end.toFixed(2)} s`);
  if (wanted.pictures && !(seen.frames > 0)) errors.push('no picture was decoded');
  for (const [from, to] of seen.steps) {
    if (to - from > GAP_S || from - to > REPEAT_S) errors.push(`the picture jumped from ${from.toFixed(3)} to ${to.toFixed(3)} s`);
  }
  if (wanted.sound && !(seen.audioBytes > 0)) errors.push('no sound was decoded');
  if (wanted.pictures) errors.push(...missingSizes(seen, wanted.rendition));
  if (![...server.given].some((name) => name.endsWith('.ts'))) errors.push(...startFaults(seen.buffers));
  return errors;
}

// Rungs that had to be on screen and were not.
export function missingSizes(seen, rendition) {
  const size = (rung) => `${rung.width}x${rung.height}`;
  const [lowest, highest] = [seen.rungs[0], seen.rungs.at(-1)];
  if (!lowest) return [];
  const wanted = { min: [lowest], max: [highest], switch: [lowest, highest], auto: [] }[rendition];
  return wanted.filter((rung) => !seen.sizes[size(rung)]).map((rung) => `${size(rung)} was never shown`);
}

// All buffers start where the others do. Only where players append segments as they are: hls.js fills sound up with silence
// when it turns MPEG-TS into MP4, and Shaka Player places sound and picture each by itself, the picture by its first DTS.
function startFaults(buffers) {
  const starts = buffers.map(({ start }) => start).filter((start) => start !== undefined);
  const spread = Math.max(...starts) - Math.min(...starts);
  return spread > SYNC_TOLERANCE_S ? [`sound and picture start ${(1000 * spread).toFixed(0)} ms apart`] : [];
}
