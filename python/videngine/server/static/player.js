"use strict";
// Plays what the page's list links to. Safari plays HLS by itself, everything else through hls.js.

const video = document.getElementById("video");
const note = document.getElementById("note");
let hls = null;

function play(url) {
  note.textContent = "";
  if (hls) {
    hls.destroy();
    hls = null;
  }
  if (url.endsWith(".m3u8") && window.Hls && Hls.isSupported()) {
    hls = new Hls();
    hls.on(Hls.Events.ERROR, (_, data) => {
      if (data.fatal) note.textContent = `Cannot be played: ${data.details}`;
    });
    hls.loadSource(url);
    hls.attachMedia(video);
  } else {
    video.src = url;
  }
}

for (const link of document.querySelectorAll("a[data-play]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    play(link.href);
    video.play().catch(() => {});
  });
}
const first = document.querySelector("a[data-play]");
if (first) play(first.href);
else note.textContent = "This server holds nothing of this job that plays here.";
