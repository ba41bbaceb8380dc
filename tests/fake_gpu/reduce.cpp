// Candle's reductions, whose threads wait for each other, as plain loops.
#include "kernels.h"

namespace {
size_t place(size_t i, size_t dims, const size_t *info) {
    size_t at = 0;
    for (size_t d = dims; d-- > 0;) {
        at += i % info[d] * info[dims + d];
        i /= info[d];
    }
    return at;
}

template <class T, class F> void each(size_t outputs, size_t length, size_t numel, size_t dims, const size_t *info, const T *src, F made) {
    for (size_t o = 0; o < outputs; o++) {
        size_t end = std::min((o + 1) * length, numel);
        made(o, o * length, end, [&](size_t i) { return src[place(i, dims, info)]; });
    }
}

// What is added up in f32 by a thousand threads is added up here in f64.
template <class T> void sum(size_t outputs, size_t numel, size_t length, size_t dims, const size_t *info, const T *src, T *dst) {
    using Wide = std::conditional_t<std::is_floating_point_v<T>, double, T>;
    each(outputs, length, numel, dims, info, src, [&](size_t o, size_t i, size_t end, auto at) {
        Wide total = 0;
        for (; i < end; i++) total += at(i);
        dst[o] = T(total);
    });
}
template <class T> void fast_sum(size_t numel, size_t length, size_t dims, const size_t *info, const T *src, T *dst) {
    sum(gridDim.x, numel, length, dims, info, src, dst);
}
// Here the first number counts what comes out.
template <class T> void fast_sum_small(size_t outputs, size_t length, size_t dims, const size_t *info, const T *src, T *dst) {
    sum(outputs, outputs * length, length, dims, info, src, dst);
}
// A NaN gives way to a number, as in CUDA's fmaxf.
template <class T> T larger(T a, T b) {
    if constexpr (std::is_floating_point_v<T>) return std::fmax(a, b);
    else return std::max(a, b);
}
template <class T> T smaller(T a, T b) {
    if constexpr (std::is_floating_point_v<T>) return std::fmin(a, b);
    else return std::min(a, b);
}
template <class T> void fast_max(size_t numel, size_t length, size_t dims, const size_t *info, const T *src, T *dst) {
    each(gridDim.x, length, numel, dims, info, src, [&](size_t o, size_t i, size_t end, auto at) {
        T best = at(i);
        for (; i < end; i++) best = larger(best, at(i));
        dst[o] = best;
    });
}
template <class T> void fast_min(size_t numel, size_t length, size_t dims, const size_t *info, const T *src, T *dst) {
    each(gridDim.x, length, numel, dims, info, src, [&](size_t o, size_t i, size_t end, auto at) {
        T best = at(i);
        for (; i < end; i++) best = smaller(best, at(i));
        dst[o] = best;
    });
}
template <class T, class F>
void arg(F better, size_t numel, size_t length, size_t dims, const size_t *info, const T *src, uint32_t *dst) {
    each(gridDim.x, length, numel, dims, info, src, [&](size_t o, size_t i, size_t end, auto at) {
        size_t best = i;
        for (; i < end; i++)
            if (better(at(i), at(best))) best = i;
        dst[o] = uint32_t(best % info[dims - 1]);
    });
}
template <class T> void fast_argmax(size_t numel, size_t length, size_t dims, const size_t *info, const T *src, uint32_t *dst) {
    arg([](T a, T b) { return a > b; }, numel, length, dims, info, src, dst);
}
template <class T> void fast_argmin(size_t numel, size_t length, size_t dims, const size_t *info, const T *src, uint32_t *dst) {
    arg([](T a, T b) { return a < b; }, numel, length, dims, info, src, dst);
}

#define KERNEL(NAME, TYPE, SHORT) {#NAME "_" #SHORT, [](void **args) { call(NAME<TYPE>, args); }}
#define ALL(NAME) KERNEL(NAME, float, f32), KERNEL(NAME, double, f64), KERNEL(NAME, uint32_t, u32), KERNEL(NAME, uint8_t, u8)
const Kernel KERNELS[] = {ALL(fast_sum), ALL(fast_sum_small), ALL(fast_max), ALL(fast_min), ALL(fast_argmax), ALL(fast_argmin)};
struct Added {
    Added() { add(KERNELS, sizeof KERNELS / sizeof *KERNELS); }
} added;
} // namespace
