// The driver: everything is done at once, by the thread that asks for it.
//
// Fresh and freed memory is full of NaNs, so that whoever reads what was never written is found out. What is wrong in a way that a GPU
// would answer with silence or a dead context (a copy beyond the end, a kernel that is not there, work from a second thread on the
// stream of the first) ends the program with one sentence.
#include "kernels.h"

#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

thread_local Three threadIdx, blockIdx, blockDim{1, 1, 1}, gridDim{1, 1, 1};

namespace {
constexpr int OUT_OF_MEMORY = 2, NOT_FOUND = 500, ABSENT = 101;
constexpr size_t GIB = size_t(1) << 30;

std::mutex lock;
std::map<uintptr_t, size_t> memory;
size_t taken = 0, most = 0;
std::map<std::string, unsigned long long> counted;
bool user_of_stream_known = false;
std::thread::id user_of_stream;

std::map<std::string, const Kernel *> &kernels() {
    static std::map<std::string, const Kernel *> all;
    return all;
}

size_t setting(const char *name, size_t otherwise) {
    const char *text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}
size_t all_memory() { return setting("FAKE_GPU_MEMORY", 4 * GIB); }

[[noreturn]] void wrong(const std::string &what) {
    std::fprintf(stderr, "fake GPU: %s\n", what.c_str());
    std::abort();
}

void count(const char *what, unsigned long long n = 1) { counted[what] += n; }

// Work on a stream that each thread has its own of: the program is to use one thread.
void on_stream(const char *what) {
    auto now = std::this_thread::get_id();
    if (user_of_stream_known && user_of_stream != now) count("changes of the thread that gives work");
    user_of_stream = now;
    user_of_stream_known = true;
    count(what);
}

// The `n` bytes from `at` are of one piece of memory.
void inside(uintptr_t at, size_t n, const char *what) {
    auto piece = memory.upper_bound(at);
    if (piece == memory.begin()) wrong(std::string(what) + ": no memory there");
    --piece;
    if (at + n > piece->first + std::max<size_t>(piece->second, 1)) wrong(std::string(what) + ": beyond the end of its memory");
}

struct Log {
    ~Log() {
        const char *path = std::getenv("FAKE_GPU_LOG");
        FILE *file = path ? std::fopen(path, "w") : nullptr;
        if (!file) return;
        for (auto &[what, n] : counted) std::fprintf(file, "%llu\t%s\n", n, what.c_str());
        std::fprintf(file, "%zu\tbytes of memory at most\n", most);
        std::fclose(file);
    }
} log_at_end;
} // namespace

void add(const Kernel *first, size_t n) {
    for (size_t i = 0; i < n; i++) kernels()[first[i].name] = &first[i];
}

// For the libraries beside the driver.
extern "C" void fake_gpu_count(const char *what) {
    std::lock_guard guard(lock);
    on_stream(what);
}
extern "C" void fake_gpu_memory(unsigned long long *used, unsigned long long *all) {
    std::lock_guard guard(lock);
    *used = taken;
    *all = all_memory();
}

extern "C" {
int cuInit(unsigned) { return setting("FAKE_GPU_ABSENT", 0) ? 100 : 0; }
int cuDriverGetVersion(int *version) { *version = 13000; return 0; }
int cuDeviceGetCount(int *n) { *n = 1; return 0; }
int cuDeviceGet(int *device, int number) { *device = number; return number == 0 ? 0 : ABSENT; }
int cuDeviceGetAttribute(int *value, int attribute, int) {
    // 115: memory pools; 75, 76: compute capability.
    *value = attribute == 115 ? 1 : attribute == 75 ? 9 : 0;
    return 0;
}
int cuDeviceGetName(char *name, int n, int) { std::snprintf(name, n, "the CPU, as a GPU"); return 0; }
int cuDeviceGetUuid_v2(unsigned char *uuid, int) { for (int i = 0; i < 16; i++) uuid[i] = i; return 0; }
int cuDeviceTotalMem_v2(size_t *n, int) { *n = all_memory(); return 0; }
int cuDevicePrimaryCtxRetain(void **context, int) { *context = &memory; return 0; }
int cuDevicePrimaryCtxRelease_v2(int) { return 0; }
int cuCtxGetCurrent(void **context) { *context = &memory; return 0; }
int cuCtxSetCurrent(void *) { return 0; }
int cuCtxGetDevice(int *device) { *device = 0; return 0; }
int cuCtxSynchronize() { std::lock_guard guard(lock); count("waits for all work"); return 0; }
int cuStreamSynchronize(void *) { std::lock_guard guard(lock); count("waits for the stream"); return 0; }
int cuStreamIsCapturing(void *, int *status) { *status = 0; return 0; }
int cuStreamCreate(void **stream, unsigned) { *stream = &memory; return 0; }
int cuStreamDestroy_v2(void *) { return 0; }
int cuStreamWaitEvent(void *, void *, unsigned) { std::lock_guard guard(lock); count("waits for an event"); return 0; }
int cuEventCreate(void **event, unsigned) { std::lock_guard guard(lock); count("events made"); *event = &counted; return 0; }
int cuEventDestroy_v2(void *) { return 0; }
int cuEventRecord(void *, void *) { std::lock_guard guard(lock); count("events recorded"); return 0; }
int cuEventSynchronize(void *) { return 0; }
int cuEventQuery(void *) { return 0; }
int cuGetErrorName(int error, const char **text) {
    *text = error == OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" : error == NOT_FOUND ? "CUDA_ERROR_NOT_FOUND" : "CUDA_ERROR_NO_DEVICE";
    return 0;
}
int cuGetErrorString(int error, const char **text) {
    *text = error == OUT_OF_MEMORY ? "out of memory" : error == NOT_FOUND ? "named symbol not found" : "no CUDA-capable device is detected";
    return 0;
}

int cuMemAlloc_v2(uintptr_t *at, size_t n) {
    std::lock_guard guard(lock);
    count("pieces of memory taken");
    if (taken + n > all_memory()) return OUT_OF_MEMORY;
    void *piece = std::aligned_alloc(256, (n + 511) / 256 * 256);
    if (!piece) return OUT_OF_MEMORY;
    std::memset(piece, 0xff, n);
    *at = (uintptr_t)piece;
    memory[*at] = n;
    taken += n;
    most = std::max(most, taken);
    return 0;
}
int cuMemFree_v2(uintptr_t at) {
    if (!at) return 0;
    std::lock_guard guard(lock);
    auto piece = memory.find(at);
    if (piece == memory.end()) wrong("memory is freed that was not taken, or twice");
    taken -= piece->second;
    std::memset((void *)at, 0xff, piece->second);
    memory.erase(piece);
    std::free((void *)at);
    return 0;
}
int cuMemAllocAsync(uintptr_t *at, size_t n, void *) { return cuMemAlloc_v2(at, n); }
int cuMemFreeAsync(uintptr_t at, void *) { return cuMemFree_v2(at); }
int cuMemGetInfo_v2(size_t *left, size_t *all) {
    std::lock_guard guard(lock);
    *all = all_memory();
    *left = *all - taken;
    return 0;
}
int cuMemcpyHtoDAsync_v2(uintptr_t to, const void *from, size_t n, void *) {
    std::lock_guard guard(lock);
    inside(to, n, "an upload");
    on_stream(n > 65536 ? "uploads of more than 64 KiB" : "uploads of at most 64 KiB");
    count("bytes uploaded", n);
    std::memcpy((void *)to, from, n);
    return 0;
}
int cuMemcpyDtoHAsync_v2(void *to, uintptr_t from, size_t n, void *) {
    std::lock_guard guard(lock);
    inside(from, n, "a read");
    on_stream("reads");
    count("bytes read", n);
    std::memcpy(to, (void *)from, n);
    return 0;
}
int cuMemcpyDtoDAsync_v2(uintptr_t to, uintptr_t from, size_t n, void *) {
    std::lock_guard guard(lock);
    inside(to, n, "a copy");
    inside(from, n, "a copy");
    on_stream("copies");
    std::memmove((void *)to, (void *)from, n);
    return 0;
}
int cuMemsetD8Async(uintptr_t to, unsigned char byte, size_t n, void *) {
    std::lock_guard guard(lock);
    inside(to, n, "a filling");
    on_stream("fillings");
    std::memset((void *)to, byte, n);
    return 0;
}

int cuModuleLoadData(void **module, const void *) { *module = &memory; return 0; }
int cuModuleUnload(void *) { return 0; }
int cuModuleGetFunction(void **function, void *, const char *name) {
    auto found = kernels().find(name);
    if (found == kernels().end()) wrong(std::string("no kernel ") + name);
    *function = (void *)found->second;
    return 0;
}
int cuFuncSetAttribute(void *, int, int) { return 0; }
int cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned, void *, void **args,
                   void **) {
    const Kernel *kernel = (const Kernel *)function;
    {
        std::lock_guard guard(lock);
        on_stream("kernels started");
        count((std::string("kernel ") + kernel->name).c_str());
    }
    if (!gx || !gy || !gz || !bx || !by || !bz) wrong(std::string("a kernel of no threads: ") + kernel->name);
    // Kernels which go on in steps of all threads are one call; the others are called for each of them.
    bool in_steps = std::strncmp(kernel->name, "copy2d", 6) != 0;
    if (std::strncmp(kernel->name, "fast_", 5) == 0) {
        gridDim = {gx, gy, gz}, blockDim = {bx, by, bz}, blockIdx = threadIdx = {0, 0, 0};
        kernel->call(args);
        return 0;
    }
    if (in_steps) gx = gy = gz = bx = by = bz = 1;
    gridDim = {gx, gy, gz}, blockDim = {bx, by, bz}, blockIdx = threadIdx = {0, 0, 0};
    for (blockIdx.x = 0; blockIdx.x < gx; blockIdx.x++)
        for (threadIdx.x = 0; threadIdx.x < bx; threadIdx.x++) kernel->call(args);
    return 0;
}
}
