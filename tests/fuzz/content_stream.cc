// A content stream from somebody who did not make the manifest: whatever comes,
// only bytes that were listed are given out, in their order, and a stream that
// ends well has given out all of them. The first byte of the input says how the
// rest is cut, and whether it is what is sent or what is to be sent.
#include "wire/content_stream.h"

#include <cstdint>

#include "base/status.h"
#include "unit/wire/content_testing.h"

namespace {

// All of the contents, one behind the other in the order of the manifest.
void CheckReceiver(const wire::Manifest& manifest,
                   const wire_test::Contents& contents,
                   absl::string_view stream, size_t part) {
  const wire::Need need = wire::Need::Everything(manifest);
  wire::ContentReceiver receiver(manifest, need);
  wire::Pieces expected(manifest, need);
  const auto take = [&](const wire::Piece& piece, absl::string_view bytes) {
    MUST(!expected.AtEnd());
    const wire::Piece now = expected.Now();
    MUST(piece.entry == now.entry && piece.offset == now.offset);
    const std::string& content =
        contents.at(manifest.entries()[piece.entry].path);
    MUST(absl::string_view(content).substr(static_cast<size_t>(piece.offset),
                                           bytes.size()) == bytes);
    MUST(bytes.size() == now.bytes);
    expected.Next();
    return absl::OkStatus();
  };
  absl::Status status;
  while (status.ok() && !stream.empty()) {
    status = receiver.Feed(stream.substr(0, part), take);
    stream.remove_prefix(std::min(part, stream.size()));
  }
  MUST((status.ok() && receiver.End().ok()) == receiver.done());
  if (receiver.done()) MUST(expected.AtEnd());
}

// However the input is cut by its content, its chunks are all of it.
void CheckChunker(absl::string_view input, size_t part) {
  wire::Chunker chunker;
  size_t chunk = 0;
  while (!input.empty()) {
    bool ends = false;
    const absl::string_view bytes = input.substr(0, part);
    const size_t n = chunker.Take(bytes, &ends);
    MUST(n <= bytes.size() && (ends || n == bytes.size()));
    chunk += n;
    MUST(chunk <= wire::kMaxCutBytes);
    if (ends) MUST(chunk >= wire::kMinChunkBytes);
    if (ends) chunk = 0;
    input.remove_prefix(n);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const wire_test::Contents contents = {
      {"a", wire_test::Words(300)}, {"b", "b"}, {"c", wire_test::Noise(40)}};
  static const wire::Manifest manifest = wire_test::ManifestOf(contents);
  if (size == 0) return 0;
  const size_t part = 1 + (data[0] & 127);
  const absl::string_view rest(reinterpret_cast<const char*>(data) + 1,
                               size - 1);
  CheckChunker(rest, part);
  if (data[0] < 128) {
    CheckReceiver(manifest, contents, rest, part);
    return 0;
  }
  // Two contents made of the input, and a stream that must arrive.
  const wire_test::Contents own = {{"a", std::string(rest)},
                                   {"b", std::string(rest.substr(size / 2))}};
  const wire::Manifest of_own = wire_test::ManifestOf(own);
  const wire::Need need = wire::Need::Everything(of_own);
  for (wire::Packing packing :
       {wire::Packing::kCompressed, wire::Packing::kStored}) {
    std::string stream;
    for (const std::string& frame :
         wire_test::Frames(of_own, need, own, packing)) {
      stream += frame;
    }
    wire_test::Contents received;
    MUST(wire_test::Receive(of_own, need, stream, part, &received).ok());
    for (const auto& [path, content] : received) {
      MUST(content == own.at(path));
    }
    CheckReceiver(of_own, own, stream, part);
  }
  return 0;
}
