// Plays a folder's HLS or DASH, or a file that the browser reads by itself, in Chromium and prints one JSON verdict.
//
//   node play.mjs --folder DIR --manifest NAME [--player hls|shaka|dash|native] [--seconds 4] [--rendition both|min|max|switch|auto]
//     [--silent] [--unseen] [--key KEY_ID:KEY] [--text LANGUAGE] [--audio LANGUAGE] [--browser ADDRESS]
//
// `both` plays the lowest and then the highest rung, each for half of the seconds; `switch` goes from one to the other
// behind the first segment on screen; `auto` leaves it to the player. `--key` is a ClearKey, both parts in hexadecimal.
// `--text` shows subtitles, `--audio` chooses a sound, `--unseen` is for sound without pictures. `native` is the browser without a player.
// `--browser` is the address of one that runs already (chromium.mjs); else $CHROMIUM (/usr/bin/chromium) is started.
// Exit status: 0 it plays, 1 it does not, 2 it could not be tried.
import { parseArgs } from 'node:util';
import { open } from './chromium.mjs';
import { serve } from './server.mjs';
import { judge, missingSizes } from './verdict.mjs';

const STALL_S = 6; // without progress for so long, playback has failed
const POLL_MS = 100;

function readArguments() {
  const { values } = parseArgs({
    options: {
      folder: { type: 'string' },
      manifest: { type: 'string' },
      player: { type: 'string', default: 'hls' },
      seconds: { type: 'string', default: '4' },
      rendition: { type: 'string', default: 'both' },
      silent: { type: 'boolean', default: false },
      unseen: { type: 'boolean', default: false },
      key: { type: 'string' },
      text: { type: 'string' },
      audio: { type: 'string' },
      browser: { type: 'string' },
    },
  });
  if (!values.folder || !values.manifest) throw new Error('--folder and --manifest are needed');
  if (!['hls', 'shaka', 'dash', 'native'].includes(values.player)) throw new Error(`no player ${values.player}`);
  if (!['both', 'min', 'max', 'switch', 'auto'].includes(values.rendition)) throw new Error(`no rendition ${values.rendition}`);
  if (!(Number(values.seconds) > 0)) throw new Error(`${values.seconds} seconds cannot be played`);
  const key = values.key?.split(':');
  return { ...values, key, seconds: Number(values.seconds), sound: !values.silent, pictures: !values.unseen };
}

// Plays until the wanted time, the end, a failure or a stall. On a busy machine sound goes ahead of pictures: those that
// must be seen are waited for.
async function watch(page, wanted) {
  let [furthest, moved] = [-1, Date.now()];
  for (;;) {
    const seen = await page.evaluate(() => window.observe());
    const late = wanted.pictures && seen.time < wanted.seconds + STALL_S && missingSizes(seen, wanted.rendition).length > 0;
    if (seen.ended || (seen.time >= wanted.seconds && !late)) return { seen };
    if (seen.errors.length) return { seen, stopped: 'failed' };
    if (seen.time > furthest + 0.01) [furthest, moved] = [seen.time, Date.now()];
    if (Date.now() - moved > 1000 * STALL_S) return { seen, stopped: 'stalled' };
    await new Promise((passed) => setTimeout(passed, POLL_MS));
  }
}

async function play(browser, wanted) {
  const server = await serve(wanted.folder, wanted.key);
  const page = await browser.newPage();
  try {
    const thrown = [];
    page.on('pageerror', (error) => thrown.push(`script: ${error.message}`));
    await page.goto(`${server.url}/page.html`);
    if (wanted.player !== 'native') await page.addScriptTag({ url: `/${wanted.player}.js` });
    const start = [wanted.player, `${server.url}/media/${wanted.manifest}`, wanted];
    await page.evaluate((words) => window.start(...words), start);
    const { seen, stopped } = await watch(page, wanted);
    const errors = [...judge(seen, wanted, server, stopped), ...thrown];
    return { rendition: wanted.rendition, ...seen, errors, given: [...server.given] };
  } finally {
    await page.close();
    server.close();
  }
}

async function playAll(wanted) {
  const browser = await open(wanted.browser);
  try {
    if (wanted.rendition !== 'both') return [await play(browser, wanted)];
    const half = { ...wanted, seconds: wanted.seconds / 2 };
    return [
      await play(browser, { ...half, rendition: 'min' }),
      await play(browser, { ...half, rendition: 'max' }),
    ];
  } finally {
    await browser.close();
  }
}

try {
  const wanted = readArguments();
  const plays = await playAll(wanted);
  const errors = plays.flatMap((play) => play.errors.map((error) => `${play.rendition}: ${error}`));
  const { player, manifest } = wanted;
  console.log(JSON.stringify({ ok: errors.length === 0, player, manifest, errors, plays }));
  process.exitCode = errors.length ? 1 : 0;
} catch (error) {
  console.error(error.stack);
  process.exitCode = 2;
}
