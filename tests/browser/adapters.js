// Runs in the page: one face for every player, and a record of what reached the screen.
'use strict';

const video = document.getElementById('video');
const record = { errors: [], warnings: [], sizes: {}, times: [], buffers: [], texts: [], waits: 0, ended: false };

video.addEventListener('error', () => record.errors.push(`video: ${video.error.message || video.error.code}`));
video.addEventListener('waiting', () => record.waits++);
video.addEventListener('ended', () => (record.ended = true));

// Every picture that is shown, with its size and its time in the presentation.
const eachFrame = (_, frame) => {
  const size = `${frame.width}x${frame.height}`;
  record.sizes[size] = (record.sizes[size] ?? 0) + 1;
  record.times.push(frame.mediaTime);
  video.requestVideoFrameCallback(eachFrame);
};
video.requestVideoFrameCallback(eachFrame);

// The players' own source buffers: the only place that tells where sound and picture lie on the time line.
const addSourceBuffer = MediaSource.prototype.addSourceBuffer;
MediaSource.prototype.addSourceBuffer = function (type) {
  const buffer = addSourceBuffer.call(this, type);
  const entry = { type };
  record.buffers.push(entry);
  buffer.addEventListener('updateend', () => {
    try {
      const { buffered } = buffer;
      if (!buffered.length) return;
      entry.start ??= buffered.start(0);
      entry.end = buffered.end(buffered.length - 1);
      entry.ranges = buffered.length;
    } catch {
      // the player has removed it
    }
  });
  return buffer;
};

// Players are told before they load which rung (`rendition`) and which sound (`audio`, a language) they are to begin with: one
// that has segments of another already replaces them while it plays, and on a busy machine jumps or stalls then.
const adapters = {
  hls: {
    async load(url, { rendition, key, audio }) {
      const once = { maxNumRetry: 1, retryDelayMs: 100, maxRetryDelayMs: 100 };
      const policy = { default: { maxTimeToFirstByteMs: 5000, maxLoadTimeMs: 10000, timeoutRetry: once, errorRetry: once } };
      const drm = key ? { emeEnabled: true, drmSystems: { 'org.w3.clearkey': { licenseUrl: '/licence' } } } : {};
      const preference = audio ? { audioPreference: { lang: audio } } : {};
      // What is in the buffer is of the rung before a switch: on a busy machine that was the whole of a short title.
      const little = rendition === 'switch' ? { maxBufferLength: 1, maxMaxBufferLength: 1 } : {};
      const policies = { fragLoadPolicy: policy, playlistLoadPolicy: policy, manifestLoadPolicy: policy };
      this.player = new Hls({ ...policies, ...drm, ...preference, ...little });
      this.player.on(Hls.Events.ERROR, (_, data) => {
        const words = [data.type, data.details, data.response?.code, data.error?.message, data.frag?.relurl];
        // A slow machine, a load that a switch of rungs made needless or repeats, a hole (what can be seen is judged by `steps`).
        const harmless = /^(bufferStalled|bufferNudge|bufferSeekOverHole|bufferAppendNoProgress|aborted|internalAborted)/.test(data.details);
        (harmless && !data.fatal ? record.warnings : record.errors).push(words.filter(Boolean).join(' '));
      });
      const parsed = new Promise((done) => {
        this.player.once(Hls.Events.MANIFEST_PARSED, () => {
          if (rendition !== 'auto') this.select(byBandwidth().at(rendition === 'max' ? -1 : 0));
          done();
        });
        this.player.on(Hls.Events.ERROR, (_, data) => data.fatal && done());
      });
      this.player.loadSource(url);
      this.player.attachMedia(video);
      await parsed;
    },
    rungs() {
      return this.player.levels.map((level, index) => ({
        index,
        width: level.width,
        height: level.height,
        bandwidth: level.bitrate,
        codecs: [level.videoCodec, level.audioCodec].join(),
      }));
    },
    // Before the first segment this chooses what to start with, later it switches behind the segment on screen.
    select(rung) {
      this.player.nextLevel = rung.index;
    },
    sounds() {
      return this.player.audioTracks.map((track) => `${track.lang ?? ''}:${track.name}`);
    },
    showText(language) {
      this.player.subtitleTrack = this.player.subtitleTracks.findIndex((track) => track.lang === language);
    },
  },

  shaka: {
    async load(url, { rendition, key, audio }) {
      shaka.polyfill.installAll();
      this.player = new shaka.Player();
      const words = (error) => `shaka ${error.code} ${JSON.stringify(error.data ?? error.message ?? '').slice(0, 200)}`;
      this.player.addEventListener('error', (event) => record.errors.push(words(event.detail)));
      const retryParameters = { maxAttempts: 2, baseDelay: 100 };
      // With little in the buffer a switch of rungs shows soon.
      const streaming = { retryParameters, bufferingGoal: 1, rebufferingGoal: 0.1 };
      const estimate = { defaultBandwidthEstimate: rendition === 'max' ? 1e9 : 1, useNetworkInformation: false }; // bit/s
      const abr = rendition === 'auto' ? {} : { enabled: false, ...estimate };
      this.player.configure({ abr, streaming, manifest: { retryParameters } });
      if (audio) this.player.configure({ preferredAudio: [{ language: audio }] });
      if (key) this.player.configure({ drm: { clearKeys: { [key[0]]: key[1] } } });
      try {
        await this.player.attach(video);
        await this.player.load(url);
      } catch (error) {
        record.errors.push(words(error));
      }
    },
    rungs() {
      const tracks = this.player.getVariantTracks();
      const language = tracks.find((track) => track.active)?.language;
      return tracks
        .filter((track) => track.language === language)
        .map((track) => ({
          track,
          width: track.width,
          height: track.height,
          bandwidth: track.bandwidth,
          codecs: track.codecs,
        }));
    },
    select(rung) {
      this.player.selectVariantTrack(rung.track);
    },
    sounds() {
      return [...new Set(this.player.getVariantTracks().map((track) => `${track.language}:${track.label ?? ''}`))];
    },
    showText(language) {
      this.player.selectTextTrack(this.player.getTextTracks().find((track) => track.language === language));
    },
  },

  dash: {
    async load(url, { rendition, audio }) {
      this.player = dashjs.MediaPlayer().create();
      const events = dashjs.MediaPlayer.events;
      this.player.on(events.ERROR, ({ error }) => record.errors.push(`dash ${error.code ?? ''} ${error.message ?? error}`));
      const abr = { autoSwitchBitrate: { video: rendition === 'auto' } };
      if (rendition !== 'auto') abr.initialBitrate = { video: rendition === 'max' ? 1e6 : 1 }; // kbit/s
      const buffer = { bufferTimeDefault: 1, bufferTimeAtTopQuality: 1 };
      this.player.updateSettings({ streaming: { abr, buffer, retryAttempts: { MediaSegment: 1 } } });
      const ready = new Promise((done) => {
        this.player.on(events.STREAM_INITIALIZED, done);
        this.player.on(events.ERROR, done);
      });
      this.player.initialize(video, url, false);
      if (audio) this.player.setInitialMediaSettingsFor('audio', { lang: audio });
      await ready;
    },
    rungs() {
      return this.player.getRepresentationsByType('video').map(({ id, width, height, bandwidth, codecs }) => ({
        ...{ id, width, height, bandwidth, codecs },
      }));
    },
    select(rung) {
      this.player.setRepresentationForTypeById('video', rung.id);
    },
    sounds() {
      return this.player.getTracksFor('audio').map((track) => `${track.lang ?? ''}:${track.labels?.[0]?.text ?? ''}`);
    },
    showText(language) {
      this.player.setTextTrack(this.player.getTracksFor('text').findIndex((track) => track.lang === language));
    },
  },

  native: {
    async load(url) {
      this.player = video;
      video.src = url;
    },
    rungs: () => [],
    select() {},
    sounds: () => [],
  },
};

let adapter;

// Texts that the browser shows: each with its times as the player has placed it, and when it was first seen.
const watchTexts = () => {
  for (const track of video.textTracks) {
    for (const cue of track.mode === 'showing' ? (track.activeCues ?? []) : []) {
      const seen = record.texts.some((text) => text.text === cue.text && text.start === cue.startTime);
      if (!seen) record.texts.push({ start: cue.startTime, end: cue.endTime, text: cue.text, at: video.currentTime });
    }
  }
};

const byBandwidth = () => adapter.rungs().sort((a, b) => a.bandwidth - b.bandwidth);

// From the lowest rung to the highest as soon as it plays: on a busy machine, whoever watches the page would be late.
const switchOnce = () => {
  if (video.currentTime === 0) return;
  video.removeEventListener('timeupdate', switchOnce);
  adapter.select(byBandwidth().at(-1));
};

// Starts to play; `rendition` is min, max, switch, or auto for the player's own choice. Nobody may wait for the end of this:
// a player that gets no usable data never tells.
const start = async (player, url, { text, ...wanted }) => {
  adapter = adapters[player];
  await adapter.load(url, wanted);
  if (record.errors.length) return;
  if (wanted.rendition === 'switch') video.addEventListener('timeupdate', switchOnce);
  if (text) {
    adapter.showText(text);
    video.addEventListener('timeupdate', watchTexts);
  }
  video.play().catch((error) => record.errors.push(`play() ${error.message}`));
};

window.start = (...wanted) => {
  start(...wanted).catch((error) => record.errors.push(`script: ${error.message}`));
};

window.observe = () => {
  watchTexts();
  const quality = video.getVideoPlaybackQuality();
  const { times, ...facts } = record;
  const playing = adapter?.player && !record.errors.length;
  return {
    ...facts,
    steps: times.slice(1).map((time, i) => [times[i], time]).filter(([from, to]) => to - from > 0.2 || to < from),
    time: video.currentTime,
    duration: Number.isFinite(video.duration) ? video.duration : null,
    frames: quality.totalVideoFrames,
    dropped: quality.droppedVideoFrames,
    audioBytes: video.webkitAudioDecodedByteCount,
    videoBytes: video.webkitVideoDecodedByteCount,
    rungs: playing ? byBandwidth().map(({ width, height, bandwidth, codecs }) => ({ width, height, bandwidth, codecs })) : [],
    sounds: playing ? adapter.sounds() : [],
  };
};
