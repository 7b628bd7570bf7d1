// Opens the page at a URL in Chromium, waits until its video plays, prints what went on as JSON.
//
//   node watch_page.mjs URL
import { open } from '../browser/chromium.mjs';

const browser = await open();
try {
  const page = await browser.newPage();
  const [errors, requests] = [[], []];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(process.argv[2]);
  await page.evaluate(() => document.querySelector('video').play());
  await page
    .waitForFunction(() => document.querySelector('video').currentTime > 0.5, null, { timeout: 15000 })
    .catch((error) => errors.push(error.message));
  const seen = await page.evaluate(() => {
    const video = document.querySelector('video');
    return {
      time: video.currentTime,
      audioBytes: video.webkitAudioDecodedByteCount,
      width: video.videoWidth,
      note: document.getElementById('note').textContent,
    };
  });
  console.log(JSON.stringify({ ...seen, errors, requests }));
} finally {
  await browser.close();
}
