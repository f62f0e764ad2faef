// What is sent of contents: frames, made once for all hosts.
//
// What all hosts share is kept (msrc/frame_store.h); what only one host gets is
// made when it is asked for. A frame is at most 1 MiB of content, so that the
// loop may make it: some milliseconds.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>

#include "msrc/frame_store.h"
#include "msrc/sources.h"
#include "sys/fd.h"
#include "wire/content_stream.h"

namespace msrc {

class SharedContents {
 public:
  SharedContents(ContentPlaces shared, size_t memory_bytes,
                 std::string folder = "")
      : shared_(std::move(shared)), store_(memory_bytes, std::move(folder)) {}

  // The frame of a piece of `manifest`, whose contents are among the shared or
  // in `own`. FailedPrecondition, naming the file, when it is not what it was
  // when the manifest was made.
  absl::StatusOr<FrameStore::Frame> FrameOf(const wire::Manifest& manifest,
                                            const wire::Piece& piece,
                                            const ContentPlaces& own);

  int64_t made() const { return made_; }  // frames, so far
  const FrameStore& store() const { return store_; }

 private:
  absl::StatusOr<FrameStore::Frame> Make(const wire::Manifest& manifest,
                                         const wire::Piece& piece,
                                         const ContentPlace& place);

  const ContentPlaces shared_;
  FrameStore store_;
  // The file that was read last: pieces come in order.
  std::string open_name_;
  sys::Fd open_;
  int64_t made_ = 0;
};

// The contents a host needs, as bytes of the stream of wire/content_stream.h.
class ContentFeed {
 public:
  // All borrowed but the need.
  ContentFeed(SharedContents& contents, const wire::Manifest& manifest,
              wire::Need need, const ContentPlaces& own)
      : contents_(contents),
        manifest_(manifest),
        own_(own),
        need_(std::move(need)),
        pieces_(manifest_, need_) {}
  ContentFeed(const ContentFeed&) = delete;

  bool AtEnd() const { return pieces_.AtEnd(); }
  // Unless AtEnd.
  absl::StatusOr<FrameStore::Frame> Next();

 private:
  SharedContents& contents_;
  const wire::Manifest& manifest_;
  const ContentPlaces& own_;
  const wire::Need need_;
  wire::Pieces pieces_;
};

}  // namespace msrc
