// The management library.
#include <cstdlib>
#include <cstring>

extern "C" void fake_gpu_memory(unsigned long long *used, unsigned long long *all);

namespace {
unsigned setting(const char *name, unsigned otherwise) {
    const char *text = std::getenv(name);
    return text ? std::atoi(text) : otherwise;
}
struct Memory { unsigned long long total, left, used; };
struct Memory2 { unsigned version; unsigned long long total, reserved, left, used; };
struct Load { unsigned gpu, memory; };
int gpu;
} // namespace

extern "C" {
int nvmlInit_v2() { return 0; }
int nvmlShutdown() { return 0; }
const char *nvmlErrorString(int) { return "not found"; }
int nvmlDeviceGetHandleByUUID(const char *uuid, void **device) {
    *device = &gpu;
    return std::strcmp(uuid, "GPU-00010203-0405-0607-0809-0a0b0c0d0e0f") == 0 ? 0 : 6;
}
int nvmlDeviceGetMemoryInfo(void *, Memory *m) {
    fake_gpu_memory(&m->used, &m->total);
    m->left = m->total - m->used;
    return 0;
}
int nvmlDeviceGetMemoryInfo_v2(void *, Memory2 *m) {
    m->reserved = 0;
    fake_gpu_memory(&m->used, &m->total);
    m->left = m->total - m->used;
    return 0;
}
int nvmlDeviceGetUtilizationRates(void *, Load *load) {
    *load = {setting("FAKE_GPU_BUSY", 97), 0};
    return 0;
}
int nvmlDeviceGetTemperature(void *, int, unsigned *degrees) {
    *degrees = setting("FAKE_GPU_HEAT", 61);
    return 0;
}
}
