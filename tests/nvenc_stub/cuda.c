/* Stands in for libcuda.so.1 in tests: one device whose memory is the host's, everything at once.
 *
 * FFmpeg's loader wants every name below to be there; few are called. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int CUresult;
typedef void* CUcontext;

static __thread CUcontext stack[16];
static __thread int depth;

/* VIDENGINE_TEST_CUDA_INIT=100: no device. */
CUresult cuInit(unsigned flags) {
  const char* code = getenv("VIDENGINE_TEST_CUDA_INIT");
  (void)flags;
  return code == NULL ? 0 : atoi(code);
}
CUresult cuDriverGetVersion(int* version) {
  *version = 12080;
  return 0;
}
CUresult cuDeviceGetCount(int* count) {
  *count = 1;
  return 0;
}
CUresult cuDeviceGet(int* device, int ordinal) {
  *device = ordinal;
  return ordinal == 0 ? 0 : 101;
}
CUresult cuDeviceGetAttribute(int* value, int attribute, int device) {
  (void)device;
  *value = attribute == 14 ? 512 : 8; /* texture alignment; compute capability */
  return 0;
}
CUresult cuDeviceGetName(char* name, int length, int device) {
  snprintf(name, (size_t)length, "Stand-in %d", device);
  return 0;
}
CUresult cuDeviceGetUuid(void* uuid, int device) {
  memset(uuid, device + 1, 16);
  return 0;
}
CUresult cuDeviceGetUuid_v2(void* uuid, int device) { return cuDeviceGetUuid(uuid, device); }
CUresult cuDeviceComputeCapability(int* major, int* minor, int device) {
  (void)device;
  *major = 8;
  *minor = 9;
  return 0;
}
CUresult cuCtxPushCurrent_v2(CUcontext context) {
  stack[depth++] = context;
  return 0;
}
CUresult cuCtxPopCurrent_v2(CUcontext* context) {
  if (depth == 0) return 201;
  --depth;
  if (context != NULL) *context = stack[depth];
  return 0;
}
CUresult cuCtxCreate_v2(CUcontext* context, unsigned flags, int device) {
  (void)flags;
  (void)device;
  *context = malloc(1);
  return cuCtxPushCurrent_v2(*context);
}
CUresult cuCtxDestroy_v2(CUcontext context) {
  free(context);
  return 0;
}
CUresult cuStreamCreate(void** stream, unsigned flags) {
  (void)flags;
  *stream = NULL;
  return 0;
}
CUresult cuGetErrorName(CUresult code, const char** name) {
  *name = code == 100 ? "CUDA_ERROR_NO_DEVICE" : "CUDA_ERROR";
  return 0;
}
CUresult cuGetErrorString(CUresult code, const char** text) {
  (void)code;
  *text = "said by the stand-in";
  return 0;
}

#define NEVER_CALLED(name) \
  CUresult name(void) { return 801; }
NEVER_CALLED(cuCtxGetCurrent)
NEVER_CALLED(cuCtxSetLimit)
NEVER_CALLED(cuCtxGetDevice)
NEVER_CALLED(cuCtxSynchronize)
NEVER_CALLED(cuDevicePrimaryCtxRetain)
NEVER_CALLED(cuDevicePrimaryCtxRelease)
NEVER_CALLED(cuDevicePrimaryCtxSetFlags)
NEVER_CALLED(cuDevicePrimaryCtxGetState)
NEVER_CALLED(cuDevicePrimaryCtxReset)
NEVER_CALLED(cuMemAlloc_v2)
NEVER_CALLED(cuMemAllocPitch_v2)
NEVER_CALLED(cuMemAllocManaged)
NEVER_CALLED(cuMemFree_v2)
NEVER_CALLED(cuMemsetD8Async)
NEVER_CALLED(cuMemsetD16Async)
NEVER_CALLED(cuMemcpy)
NEVER_CALLED(cuMemcpyAsync)
NEVER_CALLED(cuMemcpy2D_v2)
NEVER_CALLED(cuMemcpy2DAsync_v2)
NEVER_CALLED(cuMemcpyHtoD_v2)
NEVER_CALLED(cuMemcpyHtoDAsync_v2)
NEVER_CALLED(cuMemcpyDtoH_v2)
NEVER_CALLED(cuMemcpyDtoHAsync_v2)
NEVER_CALLED(cuMemcpyDtoD_v2)
NEVER_CALLED(cuMemcpyDtoDAsync_v2)
NEVER_CALLED(cuStreamQuery)
NEVER_CALLED(cuStreamSynchronize)
NEVER_CALLED(cuStreamDestroy_v2)
NEVER_CALLED(cuStreamAddCallback)
NEVER_CALLED(cuStreamWaitEvent)
NEVER_CALLED(cuEventCreate)
NEVER_CALLED(cuEventDestroy_v2)
NEVER_CALLED(cuEventSynchronize)
NEVER_CALLED(cuEventQuery)
NEVER_CALLED(cuEventRecord)
NEVER_CALLED(cuLaunchKernel)
NEVER_CALLED(cuLinkCreate)
NEVER_CALLED(cuLinkAddData)
NEVER_CALLED(cuLinkComplete)
NEVER_CALLED(cuLinkDestroy)
NEVER_CALLED(cuModuleLoadData)
NEVER_CALLED(cuModuleUnload)
NEVER_CALLED(cuModuleGetFunction)
NEVER_CALLED(cuModuleGetGlobal)
NEVER_CALLED(cuTexObjectCreate)
NEVER_CALLED(cuTexObjectDestroy)
NEVER_CALLED(cuGLGetDevices_v2)
NEVER_CALLED(cuGraphicsGLRegisterImage)
NEVER_CALLED(cuGraphicsUnregisterResource)
NEVER_CALLED(cuGraphicsMapResources)
NEVER_CALLED(cuGraphicsUnmapResources)
NEVER_CALLED(cuGraphicsSubResourceGetMappedArray)
NEVER_CALLED(cuGraphicsResourceGetMappedPointer_v2)
NEVER_CALLED(cuArrayCreate_v2)
NEVER_CALLED(cuArray3DCreate_v2)
NEVER_CALLED(cuArray3DGetDescriptor_v2)
NEVER_CALLED(cuArrayDestroy)
NEVER_CALLED(cuEGLStreamProducerConnect)
NEVER_CALLED(cuEGLStreamProducerDisconnect)
NEVER_CALLED(cuEGLStreamConsumerDisconnect)
NEVER_CALLED(cuEGLStreamProducerPresentFrame)
NEVER_CALLED(cuEGLStreamProducerReturnFrame)
