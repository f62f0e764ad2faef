// What the parts of the m4 engine hand each other: bytes that grow and shrink
// as a stack, definitions, and the arguments of a call.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace text {

class M4Args;
class M4Engine;

// Texts that are let go in the opposite order in which they were made, and do
// not move once they are finished. At most one is being made.
class M4Stack {
 public:
  // 0 is no limit. What would exceed it is dropped, and `exceeded` says so.
  explicit M4Stack(size_t max_bytes) : max_bytes_(max_bytes) {}

  void Begin() { begin_ = top_; }
  void Append(absl::string_view bytes) {
    if (bytes.size() > static_cast<size_t>(end_ - top_)) {
      if (!MakeRoom(bytes.size())) return;
    }
    if (bytes.empty()) return;
    memcpy(top_, bytes.data(), bytes.size());
    top_ += bytes.size();
  }
  void Append(char c) { Append(absl::string_view(&c, 1)); }
  void Append(size_t n, char c);  // `n` times
  // What was appended since Begin. It stays until it is released.
  absl::string_view Unfinished() const {
    return {begin_, static_cast<size_t>(top_ - begin_)};
  }
  // Lets the text go that begins at `begin`, which is the last one.
  void Release(const char* begin);

  size_t used() const { return used_before_ + (top_ - bottom_); }
  size_t room() const {
    return max_bytes_ == 0       ? SIZE_MAX / 2
           : used() < max_bytes_ ? max_bytes_ - used()
                                 : 0;
  }
  bool exceeded() const { return exceeded_; }

 private:
  struct Chunk {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
    size_t used = 0;  // when the next chunk was begun
  };
  bool MakeRoom(size_t n);
  void Enter(const Chunk& chunk);

  size_t max_bytes_;
  std::vector<Chunk> chunks_;
  Chunk spare_;  // so that a text at a border does not make one again and again
  size_t used_before_ = 0;  // in all chunks but the last
  char* bottom_ = nullptr;  // of the last chunk
  char* end_ = nullptr;
  char* top_ = nullptr;
  char* begin_ = nullptr;
  bool exceeded_ = false;
};

struct M4Builtin {
  enum Flag : uint8_t {
    kPlain = 0,
    kGnu = 1,     // not with -G
    kBlind = 2,   // a mere word unless an argument list follows
    kTokens = 4,  // its arguments may be builtins
    kBsd = 8,     // not in GNU m4
  };
  absl::string_view name;
  int flags;
  // Appends what the call expands to.
  void (*run)(M4Engine& m4, const M4Args& args, M4Stack& out);

  bool is(Flag flag) const { return (flags & flag) != 0; }
};

// One definition: a text, a builtin, or none. Copies share it, and may be in
// several threads.
class M4Value {
 public:
  M4Value() = default;
  explicit M4Value(const M4Builtin* builtin);
  explicit M4Value(absl::string_view text);
  M4Value(const M4Value& other) : rep_(other.rep_) {
    if (rep_ != nullptr) rep_->users.fetch_add(1, std::memory_order_relaxed);
  }
  M4Value(M4Value&& other) noexcept
      : rep_(std::exchange(other.rep_, nullptr)) {}
  M4Value& operator=(M4Value other) noexcept {
    std::swap(rep_, other.rep_);
    return *this;
  }
  ~M4Value() {
    if (rep_ != nullptr &&
        rep_->users.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      Free();
    }
  }

  explicit operator bool() const { return rep_ != nullptr; }
  const M4Builtin* builtin() const { return rep_->builtin; }
  // Of a text. Borrowed from this value.
  absl::string_view text() const {
    return {reinterpret_cast<const char*>(rep_ + 1), rep_->bytes};
  }

 private:
  struct Rep {  // the bytes follow it
    std::atomic<uint32_t> users;
    const M4Builtin* builtin;
    size_t bytes;
  };
  void Free();
  Rep* rep_ = nullptr;
};

// An argument that was collected: bytes of a buffer, or a builtin.
struct M4Arg {
  size_t begin = 0, bytes = 0;
  const M4Builtin* builtin = nullptr;
};

// The name of a call as it was made, and its arguments; borrowed.
class M4Args {
 public:
  M4Args() : bytes_(nullptr) {}
  M4Args(absl::string_view name, const char* bytes,
         absl::Span<const M4Arg> args)
      : name_(name), bytes_(bytes), args_(args) {}

  // 1 is the first; those that were not given are empty.
  absl::string_view operator[](size_t i) const {
    if (i == 0) return name_;
    if (i > args_.size()) return {};
    return {bytes_ + args_[i - 1].begin, args_[i - 1].bytes};
  }
  size_t size() const { return args_.size(); }
  absl::string_view name() const { return name_; }
  const M4Builtin* builtin(size_t i) const {
    return i == 0 || i > args_.size() ? nullptr : args_[i - 1].builtin;
  }
  // With the first argument as the name; there must be one.
  M4Args Shifted() const { return {(*this)[1], bytes_, args_.subspan(1)}; }

 private:
  absl::string_view name_;
  const char* bytes_;
  absl::Span<const M4Arg> args_;
};

}  // namespace text
