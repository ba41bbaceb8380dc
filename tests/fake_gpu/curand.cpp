// Candle opens cuRAND with the device; the program draws its numbers itself, so that they are the same everywhere.
extern "C" {
int curandCreateGenerator(void **generator, int) { *generator = (void *)generator; return 0; }
int curandDestroyGenerator(void *) { return 0; }
int curandSetPseudoRandomGeneratorSeed(void *, unsigned long long) { return 0; }
int curandSetStream(void *, void *) { return 0; }
}
