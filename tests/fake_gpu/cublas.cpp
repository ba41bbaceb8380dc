// Products of matrices, column by column as cuBLAS has them, added up in f32 in cuBLAS's own way: not told which.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <type_traits>
#include <vector>

extern "C" void fake_gpu_count(const char *what);

namespace {
[[noreturn]] void wrong(const char *what) {
    std::fprintf(stderr, "fake GPU: cuBLAS: %s\n", what);
    std::abort();
}

// C[m, n] = α·op(A)[m, k]·op(B)[k, n] + β·C.
template <class T>
int gemm(int ta, int tb, int m, int n, int k, T alpha, const T *a, int lda, const T *b, int ldb, T beta, T *c, int ldc) {
    // What cuBLAS answers with CUBLAS_STATUS_INVALID_VALUE.
    if (lda < (ta ? k : m) || ldb < (tb ? n : k) || ldc < m || m < 0 || n < 0 || k < 0) return 7;
    using Wide = std::conditional_t<sizeof(T) == 4, float, double>;
    std::vector<Wide> column(m);
    for (int j = 0; j < n; j++) {
        column.assign(m, 0);
        for (int p = 0; p < k; p++) {
            Wide y = tb ? b[j + size_t(p) * ldb] : b[p + size_t(j) * ldb];
            if (!ta) {
                const T *x = a + size_t(p) * lda;
                for (int i = 0; i < m; i++) column[i] += x[i] * y;
            }
        }
        if (ta) {
            for (int i = 0; i < m; i++) {
                const T *x = a + size_t(i) * lda;
                Wide sum = 0;
                if (tb)
                    for (int p = 0; p < k; p++) sum += x[p] * b[j + size_t(p) * ldb];
                else
                    for (int p = 0; p < k; p++) sum += x[p] * b[p + size_t(j) * ldb];
                column[i] = sum;
            }
        }
        T *out = c + size_t(j) * ldc;
        for (int i = 0; i < m; i++) out[i] = alpha * column[i] + (beta == 0 ? T(0) : beta * out[i]);
    }
    return 0;
}

template <class T>
int batched(int ta, int tb, int m, int n, int k, const T *alpha, const T *a, int lda, long long sa, const T *b, int ldb, long long sb,
            const T *beta, T *c, int ldc, long long sc, int batches) {
    for (int i = 0; i < batches; i++)
        if (int error = gemm(ta, tb, m, n, k, *alpha, a + i * sa, lda, b + i * sb, ldb, *beta, c + i * sc, ldc)) return error;
    return 0;
}
// cudaDataType: 0 is f32, 1 is f64.
void all_of(int type, int a, int b, int c) {
    if (a != type || b != type || c != type) wrong("types that are not told apart here");
}
} // namespace

extern "C" {
int cublasCreate_v2(void **handle) { *handle = (void *)handle; return 0; }
int cublasDestroy_v2(void *) { return 0; }
int cublasSetStream_v2(void *, void *) { return 0; }
int cublasSetMathMode(void *, int) { return 0; }
int cublasGemmStridedBatchedEx(void *, int ta, int tb, int m, int n, int k, const void *alpha, const void *a, int type_a, int lda,
                               long long sa, const void *b, int type_b, int ldb, long long sb, const void *beta, void *c, int type_c,
                               int ldc, long long sc, int batches, int compute, int) {
    fake_gpu_count("matrix products");
    // CUBLAS_COMPUTE_32F_FAST_TF32
    if (compute == 77) fake_gpu_count("matrix products in TF32");
    all_of(0, type_a, type_b, type_c);
    return batched(ta, tb, m, n, k, (const float *)alpha, (const float *)a, lda, sa, (const float *)b, ldb, sb, (const float *)beta,
                   (float *)c, ldc, sc, batches);
}
int cublasSgemmStridedBatched(void *, int ta, int tb, int m, int n, int k, const float *alpha, const float *a, int lda, long long sa,
                              const float *b, int ldb, long long sb, const float *beta, float *c, int ldc, long long sc, int batches) {
    fake_gpu_count("matrix products");
    return batched(ta, tb, m, n, k, alpha, a, lda, sa, b, ldb, sb, beta, c, ldc, sc, batches);
}
int cublasDgemmStridedBatched(void *, int ta, int tb, int m, int n, int k, const double *alpha, const double *a, int lda, long long sa,
                              const double *b, int ldb, long long sb, const double *beta, double *c, int ldc, long long sc, int batches) {
    fake_gpu_count("matrix products");
    return batched(ta, tb, m, n, k, alpha, a, lda, sa, b, ldb, sb, beta, c, ldc, sc, batches);
}
}
