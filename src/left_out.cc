// What the executable leaves out of Debian's archives: 0.8 MB that nobody here
// asks for, some of which would read bytes from outside. The Makefile makes
// copies of the archives in which whatever is defined here as left_out_NAME is
// called so, too: the linker then finds it here, and has no reason to take the
// original. Each does what its caller takes for "there is none".
#include <cstddef>
#include <limits>

#define LEFT_OUT(type, name, parameters, result) \
  extern "C" type left_out_##name parameters;    \
  type left_out_##name parameters { return result; }

// --- SQLite: modules that every connection begins with, extensions that it
// loads, functions of its language, and what it tells of itself. The store has
// tables of blobs only (store/sqlite_db.cc).
struct sqlite3;
namespace {
using Text = const char*;
constexpr int kOk = 0, kError = 1;  // SQLITE_OK, SQLITE_ERROR
constexpr double kNull = std::numeric_limits<double>::quiet_NaN();  // in SQL
}  // namespace
LEFT_OUT(int, sqlite3Fts3Init, (sqlite3*), kOk)
LEFT_OUT(int, sqlite3Fts5Init, (sqlite3*), kOk)
LEFT_OUT(int, sqlite3RtreeInit, (sqlite3*), kOk)
LEFT_OUT(int, sqlite3DbstatRegister, (sqlite3*), kOk)
LEFT_OUT(int, sqlite3StmtVtabInit, (sqlite3*), kOk)
LEFT_OUT(int, sqlite3JsonTableFunctions, (sqlite3*), kOk)
LEFT_OUT(void, sqlite3RegisterJsonFunctions, (), )
LEFT_OUT(void, sqlite3RegisterDateTimeFunctions, (), )
LEFT_OUT(void, sqlite3AutoLoadExtensions, (sqlite3*), )
LEFT_OUT(void, sqlite3CloseExtensions, (sqlite3*), )
LEFT_OUT(void, sqlite3_reset_auto_extension, (), )
LEFT_OUT(int, sqlite3_load_extension, (sqlite3*, Text, Text, char**), kError)
LEFT_OUT(Text*, sqlite3CompileOptions, (int* count), (*count = 0, nullptr))
LEFT_OUT(Text, sqlite3OpcodeName, (int), "")
LEFT_OUT(double, acos, (double), kNull)
LEFT_OUT(double, acosh, (double), kNull)
LEFT_OUT(double, asin, (double), kNull)
LEFT_OUT(double, asinh, (double), kNull)
LEFT_OUT(double, atan, (double), kNull)
LEFT_OUT(double, atan2, (double, double), kNull)
LEFT_OUT(double, atanh, (double), kNull)
LEFT_OUT(double, cos, (double), kNull)
LEFT_OUT(double, cosh, (double), kNull)
LEFT_OUT(double, exp, (double), kNull)
LEFT_OUT(double, fmod, (double, double), kNull)
LEFT_OUT(double, log, (double), kNull)
LEFT_OUT(double, pow, (double, double), kNull)
LEFT_OUT(double, sin, (double), kNull)
LEFT_OUT(double, sinh, (double), kNull)
LEFT_OUT(double, sqrt, (double), kNull)
LEFT_OUT(double, tan, (double), kNull)
LEFT_OUT(double, tanh, (double), kNull)
LEFT_OUT(double, trunc, (double), kNull)

// --- Zstandard: the formats of 2016, before the frames of RFC 8878. Nothing
// that comes from outside gets so far (wire/compress.cc); if it did, there
// would be no memory for a context, no parameters and no size.
namespace {
using Bytes = const void*;
using Length = unsigned long long;
constexpr size_t kBad = -10;  // ZSTD_error_prefix_unknown, as a result
void NoSize(size_t* frame, Length* content) {
  *frame = kBad;
  *content = 0ULL - 2;  // ZSTD_CONTENTSIZE_ERROR
}
}  // namespace
#define LEFT_OUT_FORMAT(v)                                                 \
  LEFT_OUT(void*, ZSTD##v##_createDCtx, (), nullptr)                       \
  LEFT_OUT(void*, ZBUFF##v##_createDCtx, (), nullptr)                      \
  LEFT_OUT(size_t, ZSTD##v##_freeDCtx, (void*), 0)                         \
  LEFT_OUT(size_t, ZBUFF##v##_freeDCtx, (void*), 0)                        \
  LEFT_OUT(size_t, ZSTD##v##_getFrameParams, (void*, Bytes, size_t), kBad) \
  LEFT_OUT(void, ZSTD##v##_findFrameSizeInfoLegacy,                        \
           (Bytes, size_t, size_t * frame, Length * content),              \
           NoSize(frame, content))                                         \
  LEFT_OUT(size_t, ZSTD##v##_decompress_usingDict,                         \
           (void*, void*, size_t, Bytes, size_t, Bytes, size_t), kBad)     \
  LEFT_OUT(size_t, ZBUFF##v##_decompressInitDictionary,                    \
           (void*, Bytes, size_t), kBad)                                   \
  LEFT_OUT(size_t, ZBUFF##v##_decompressContinue,                          \
           (void*, void*, size_t*, Bytes, size_t*), kBad)
LEFT_OUT_FORMAT(v05)
LEFT_OUT_FORMAT(v06)
LEFT_OUT_FORMAT(v07)
