// The Chromium that plays.
//
//   node chromium.mjs    starts one for many runs of play.mjs, prints its address, and ends with its standard input
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const OPTIONS = {
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: [
    '--no-sandbox', // containers run tests as root
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--disable-background-networking',
    '--disable-component-update',
    '--autoplay-policy=no-user-gesture-required',
    '--mute-audio',
  ],
};

// One that runs at `address`, or else a new one. To close the first is to leave it.
export const open = (address) => (address ? chromium.connect(address) : chromium.launch(OPTIONS));

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const server = await chromium.launchServer({ ...OPTIONS, host: '127.0.0.1' });
  console.log(server.wsEndpoint());
  process.stdin.on('end', () => server.close()).resume();
}
