/* Stands in for libnvidia-encode.so.1 in tests: sessions of H.264 that libx264 encodes.
 *
 * It keeps apart what drivers keep apart: an I frame is an IDR only where FORCEIDR says so, and the
 * settings that a session was opened with are written to the file VIDENGINE_TEST_NVENC_SETTINGS.
 * VIDENGINE_TEST_NVENC_OPEN and ..._INIT: the status that opening a session and starting the
 * encoder answer. VIDENGINE_TEST_NVENC_VERSION: the API's version of the driver. */
#include <ffnvcodec/dynlink_cuda.h>
#include <ffnvcodec/nvEncodeAPI.h>
#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  uint8_t* data;
  uint32_t pitch;
  uint32_t height;
} Surface;

typedef struct {
  AVCodecContext* encoder;
  AVPacket* ready[512];
  int first, count;
  uint32_t width, height;
} Session;

static int told(const char* name, int otherwise) {
  const char* value = getenv(name);
  return value == NULL ? otherwise : atoi(value);
}

static NVENCSTATUS NVENCAPI open_session(NV_ENC_OPEN_ENCODE_SESSION_EX_PARAMS* params,
                                         void** encoder) {
  const int status = told("VIDENGINE_TEST_NVENC_OPEN", 0);
  if (params->apiVersion != NVENCAPI_VERSION) return NV_ENC_ERR_INVALID_VERSION;
  if (status != 0) return (NVENCSTATUS)status;
  *encoder = calloc(1, sizeof(Session));
  return NV_ENC_SUCCESS;
}
static NVENCSTATUS NVENCAPI count_codecs(void* encoder, uint32_t* count) {
  (void)encoder;
  *count = 1;
  return NV_ENC_SUCCESS;
}
static NVENCSTATUS NVENCAPI list_codecs(void* encoder, GUID* guids, uint32_t room,
                                        uint32_t* count) {
  (void)encoder;
  (void)room;
  guids[0] = NV_ENC_CODEC_H264_GUID;
  *count = 1;
  return NV_ENC_SUCCESS;
}
static NVENCSTATUS NVENCAPI capability(void* encoder, GUID codec, NV_ENC_CAPS_PARAM* asked,
                                       int* value) {
  (void)encoder;
  (void)codec;
  switch (asked->capsToQuery) {
    case NV_ENC_CAPS_NUM_MAX_BFRAMES:
      *value = 4;
      break;
    case NV_ENC_CAPS_WIDTH_MAX:
    case NV_ENC_CAPS_HEIGHT_MAX:
      *value = 4096;
      break;
    case NV_ENC_CAPS_SUPPORT_10BIT_ENCODE:
    case NV_ENC_CAPS_SUPPORT_FIELD_ENCODING:
      *value = 0;
      break;
    default:
      *value = 1;
  }
  return NV_ENC_SUCCESS;
}
static NVENCSTATUS NVENCAPI preset_config(void* encoder, GUID codec, GUID preset,
                                          NV_ENC_TUNING_INFO tuning, NV_ENC_PRESET_CONFIG* config) {
  NV_ENC_CONFIG* chosen = &config->presetCfg;
  const uint32_t version = chosen->version;
  (void)encoder, (void)codec, (void)preset, (void)tuning;
  memset(chosen, 0, sizeof *chosen);
  chosen->version = version;
  chosen->gopLength = 250;
  chosen->frameIntervalP = 1;
  chosen->frameFieldMode = NV_ENC_PARAMS_FRAME_FIELD_MODE_FRAME;
  chosen->rcParams.rateControlMode = NV_ENC_PARAMS_RC_VBR;
  chosen->rcParams.averageBitRate = 2000000;
  return NV_ENC_SUCCESS;
}
static void write_settings(const NV_ENC_INITIALIZE_PARAMS* params) {
  const char* path = getenv("VIDENGINE_TEST_NVENC_SETTINGS");
  const NV_ENC_CONFIG* config = params->encodeConfig;
  const NV_ENC_RC_PARAMS* rate = &config->rcParams;
  FILE* file = path == NULL ? NULL : fopen(path, "w");
  if (file == NULL) return;
  fprintf(file,
          "{\"gop\": %u, \"rc\": %d, \"bitrate\": %u, \"maxrate\": %u, \"cq\": %d, "
          "\"lookahead\": %d, \"scenecut\": %d, \"entropy\": %d, \"rate\": [%u, %u]}",
          config->gopLength, (int)rate->rateControlMode, rate->averageBitRate, rate->maxBitRate,
          rate->targetQuality, rate->enableLookahead ? rate->lookaheadDepth : 0,
          !rate->disableIadapt, (int)config->encodeCodecConfig.h264Config.entropyCodingMode,
          params->frameRateNum, params->frameRateDen);
  fclose(file);
}
static NVENCSTATUS NVENCAPI initialize(void* encoder, NV_ENC_INITIALIZE_PARAMS* params) {
  Session* session = encoder;
  const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
  AVCodecContext* c = avcodec_alloc_context3(codec);
  const int status = told("VIDENGINE_TEST_NVENC_INIT", 0);
  session->encoder = c;
  if (status != 0) return (NVENCSTATUS)status;
  write_settings(params);
  session->width = params->encodeWidth;
  session->height = params->encodeHeight;
  c->width = (int)params->encodeWidth;
  c->height = (int)params->encodeHeight;
  c->pix_fmt = AV_PIX_FMT_YUV420P;
  c->time_base = (AVRational){1, 90000};
  c->gop_size = 1 << 20;
  c->thread_count = 1;
  c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  av_opt_set(c->priv_data, "preset", "ultrafast", 0);
  av_opt_set(c->priv_data, "tune", "zerolatency", 0);
  av_opt_set(c->priv_data, "forced-idr", "1", 0);
  av_opt_set(c->priv_data, "crf", "23", 0);
  return avcodec_open2(c, codec, NULL) < 0 ? NV_ENC_ERR_INVALID_PARAM : NV_ENC_SUCCESS;
}
static NVENCSTATUS NVENCAPI create_input(void* encoder, NV_ENC_CREATE_INPUT_BUFFER* buffer) {
  Surface* surface = calloc(1, sizeof *surface);
  (void)encoder;
  surface->pitch = (buffer->width + 255) & ~255U;
  surface->height = buffer->height;
  surface->data = calloc(3, (size_t)surface->pitch * buffer->height);
  buffer->inputBuffer = surface;
  return NV_ENC_SUCCESS;
}
static NVENCSTATUS NVENCAPI destroy_input(void* encoder, NV_ENC_INPUT_PTR buffer) {
  (void)encoder;
  free(((Surface*)buffer)->data);
  free(buffer);
  return NV_ENC_SUCCESS;
}
static NVENCSTATUS NVENCAPI lock_input(void* encoder, NV_ENC_LOCK_INPUT_BUFFER* lock) {
  Surface* surface = lock->inputBuffer;
  (void)encoder;
  lock->bufferDataPtr = surface->data;
  lock->pitch = surface->pitch;
  return NV_ENC_SUCCESS;
}
static NVENCSTATUS NVENCAPI create_output(void* encoder, NV_ENC_CREATE_BITSTREAM_BUFFER* buffer) {
  (void)encoder;
  buffer->bitstreamBuffer = calloc(1, sizeof(AVPacket*));
  return NV_ENC_SUCCESS;
}
static NVENCSTATUS NVENCAPI destroy_output(void* encoder, NV_ENC_OUTPUT_PTR buffer) {
  (void)encoder;
  av_packet_free((AVPacket**)buffer);
  free(buffer);
  return NV_ENC_SUCCESS;
}
static void take_packets(Session* session) {
  for (;;) {
    AVPacket* packet = av_packet_alloc();
    if (avcodec_receive_packet(session->encoder, packet) < 0) {
      av_packet_free(&packet);
      return;
    }
    session->ready[(session->first + session->count++) % 512] = packet;
  }
}
static NVENCSTATUS NVENCAPI encode(void* encoder, NV_ENC_PIC_PARAMS* picture) {
  Session* session = encoder;
  const Surface* surface = picture->inputBuffer;
  AVFrame* frame;
  if (session->encoder == NULL) return NV_ENC_SUCCESS;
  if (picture->encodePicFlags & NV_ENC_PIC_FLAG_EOS) {
    avcodec_send_frame(session->encoder, NULL);
    take_packets(session);
    return NV_ENC_SUCCESS;
  }
  frame = av_frame_alloc();
  frame->format = AV_PIX_FMT_YUV420P;
  frame->width = (int)session->width;
  frame->height = (int)session->height;
  frame->pts = (int64_t)picture->inputTimeStamp;
  av_frame_get_buffer(frame, 0);
  {
    /* YV12: luma, then V, then U, at half the pitch. */
    const int pitch = (int)surface->pitch;
    const size_t luma = (size_t)surface->pitch * surface->height;
    const uint8_t* v = surface->data + luma;
    const uint8_t* u = v + luma / 4;
    const int w = frame->width, h = frame->height;
    av_image_copy_plane(frame->data[0], frame->linesize[0], surface->data, pitch, w, h);
    av_image_copy_plane(frame->data[1], frame->linesize[1], u, pitch / 2, w / 2, h / 2);
    av_image_copy_plane(frame->data[2], frame->linesize[2], v, pitch / 2, w / 2, h / 2);
  }
  if (picture->encodePicFlags & NV_ENC_PIC_FLAG_FORCEIDR) frame->pict_type = AV_PICTURE_TYPE_I;
  avcodec_send_frame(session->encoder, frame);
  av_frame_free(&frame);
  take_packets(session);
  return session->count > 0 ? NV_ENC_SUCCESS : NV_ENC_ERR_NEED_MORE_INPUT;
}
static NVENCSTATUS NVENCAPI lock_output(void* encoder, NV_ENC_LOCK_BITSTREAM* lock) {
  Session* session = encoder;
  AVPacket** held = lock->outputBitstream;
  AVPacket* packet;
  if (session->count == 0) return NV_ENC_ERR_LOCK_BUSY;
  packet = session->ready[session->first];
  session->first = (session->first + 1) % 512;
  --session->count;
  av_packet_free(held);
  *held = packet;
  lock->bitstreamBufferPtr = packet->data;
  lock->bitstreamSizeInBytes = (uint32_t)packet->size;
  lock->outputTimeStamp = (uint64_t)packet->pts;
  lock->pictureStruct = NV_ENC_PIC_STRUCT_FRAME;
  lock->pictureType =
      packet->flags & AV_PKT_FLAG_KEY ? NV_ENC_PIC_TYPE_IDR : NV_ENC_PIC_TYPE_P;
  return NV_ENC_SUCCESS;
}
static NVENCSTATUS NVENCAPI nothing(void* encoder, void* pointer) {
  (void)encoder, (void)pointer;
  return NV_ENC_SUCCESS;
}
static NVENCSTATUS NVENCAPI set_streams(void* encoder, void* input, void* output) {
  (void)encoder, (void)input, (void)output;
  return NV_ENC_SUCCESS;
}
static NVENCSTATUS NVENCAPI sequence(void* encoder, NV_ENC_SEQUENCE_PARAM_PAYLOAD* payload) {
  const AVCodecContext* c = ((Session*)encoder)->encoder;
  int size = c->extradata_size;
  for (int i = 0; i + 3 < size; ++i) { /* x264's own SEI does not belong to it */
    const uint8_t* at = c->extradata + i;
    if (at[0] == 0 && at[1] == 0 && at[2] == 1 && (at[3] & 31) == 6) size = i;
  }
  memcpy(payload->spsppsBuffer, c->extradata, (size_t)size);
  *payload->outSPSPPSPayloadSize = (uint32_t)size;
  return NV_ENC_SUCCESS;
}
static NVENCSTATUS NVENCAPI destroy(void* encoder) {
  Session* session = encoder;
  for (; session->count > 0; --session->count) {
    av_packet_free(&session->ready[session->first]);
    session->first = (session->first + 1) % 512;
  }
  avcodec_free_context(&session->encoder);
  free(session);
  return NV_ENC_SUCCESS;
}
static const char* NVENCAPI last_error(void* encoder) {
  (void)encoder;
  return "said by the stand-in";
}

NVENCSTATUS NVENCAPI NvEncodeAPIGetMaxSupportedVersion(uint32_t* version) {
  const int own = (NVENCAPI_MAJOR_VERSION << 4) | NVENCAPI_MINOR_VERSION;
  *version = (uint32_t)told("VIDENGINE_TEST_NVENC_VERSION", own);
  return NV_ENC_SUCCESS;
}
NVENCSTATUS NVENCAPI NvEncodeAPICreateInstance(NV_ENCODE_API_FUNCTION_LIST* list) {
  list->nvEncOpenEncodeSessionEx = open_session;
  list->nvEncGetEncodeGUIDCount = count_codecs;
  list->nvEncGetEncodeGUIDs = list_codecs;
  list->nvEncGetEncodeCaps = capability;
  list->nvEncGetEncodePresetConfigEx = preset_config;
  list->nvEncInitializeEncoder = initialize;
  list->nvEncSetIOCudaStreams = (void*)set_streams;
  list->nvEncCreateInputBuffer = create_input;
  list->nvEncDestroyInputBuffer = destroy_input;
  list->nvEncLockInputBuffer = lock_input;
  list->nvEncUnlockInputBuffer = (void*)nothing;
  list->nvEncCreateBitstreamBuffer = create_output;
  list->nvEncDestroyBitstreamBuffer = destroy_output;
  list->nvEncLockBitstream = lock_output;
  list->nvEncUnlockBitstream = (void*)nothing;
  list->nvEncEncodePicture = encode;
  list->nvEncGetSequenceParams = sequence;
  list->nvEncDestroyEncoder = destroy;
  list->nvEncGetLastErrorString = last_error;
  return NV_ENC_SUCCESS;
}
