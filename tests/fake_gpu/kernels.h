// What Candle's kernels ask of CUDA, for g++: a kernel is a function that is called for one thread after the other.
#pragma once

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <math.h>
#include <stdint.h>
#include <type_traits>
#include <utility>

#define __global__
#define __device__
#define __host__
#define __shared__ static thread_local
#define __forceinline__ inline
#define __CUDA_ARCH__ 0

struct Three {
    unsigned x, y, z;
};
extern thread_local Three threadIdx, blockIdx, blockDim, gridDim;

using std::isnan;
using std::max;
using std::min;
struct float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
// Types of kernels that are left out.
struct __half {};
struct __nv_bfloat16 {};
struct __nv_fp8_e4m3 {
    unsigned char __x;
    __nv_fp8_e4m3() = default;
    explicit __nv_fp8_e4m3(float) { std::abort(); }
};
constexpr int __NV_E4M3 = 0;
inline __half __nv_cvt_fp8_to_halfraw(unsigned char, int) { std::abort(); }
inline float __half2float(__half) { std::abort(); }

template <class T> inline T atomicAdd(T *to, T value) {
    T was = *to;
    *to += value;
    return was;
}
template <class T> inline T atomicMax(T *to, T value) {
    T was = *to;
    *to = std::max(was, value);
    return was;
}
template <class T> inline T atomicMin(T *to, T value) {
    T was = *to;
    *to = std::min(was, value);
    return was;
}
inline void __syncthreads() { std::abort(); }
inline double normcdf(double x) { return 0.5 * std::erfc(-x * 0.70710678118654752440); }
inline float normcdff(float x) { return (float)normcdf(x); }

// A kernel's name, and how it is called with an array of pointers to its arguments.
struct Kernel {
    const char *name;
    void (*call)(void **);
};
void add(const Kernel *kernels, size_t n);

template <class... A, size_t... I> inline void call(void (*f)(A...), void **args, std::index_sequence<I...>) {
    f(*reinterpret_cast<std::remove_const_t<A> *>(args[I])...);
}
template <class... A> inline void call(void (*f)(A...), void **args) { call(f, args, std::index_sequence_for<A...>{}); }
