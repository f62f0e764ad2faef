// The m4 streams of a run: what all of them know, before they are given a text.
//
// Order of definitions: -D and -U, as they came; the phase; what the -j files
// say; the macros of the run; those of the host; its attributes. What comes
// later wins.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hosts/fleet.h"
#include "hosts/options.h"
#include "hosts/search.h"
#include "hosts/stream_system.h"
#include "hosts/voice.h"
#include "sys/environment.h"
#include "text/m4.h"

namespace hosts {

class Streams;

// One m4 stream. Its output is kept in `output`, unless a sink was given.
class Stream {
 public:
  text::M4& m4() { return *m4_; }
  StreamSystem& system() { return *system_; }
  std::string& output() { return output_; }
  // What it said, when that is kept and not passed on.
  std::string& messages() { return messages_; }
  // The end of input. The status is m4's; 1 instead of 0 when safe mode has
  // refused a file, since undivert and sinclude do not count that.
  int Finish();
  // Defines a macro of ours: NAME with the prefix in front.
  void DefineOurs(absl::string_view name, absl::string_view value);
  // Defines one of that very name.
  void Define(absl::string_view name, absl::string_view value);
  // Defines, or pushes, what a host's attributes are; and pops them.
  void DefineHost(size_t host);
  void PushHost(size_t host);
  void PopHost(size_t host);

 private:
  friend class Streams;
  Stream() = default;
  // For -d D: a line that would define it.
  void Show(absl::string_view name, absl::string_view value);
  const Streams* streams_ = nullptr;
  std::string output_, messages_;
  std::function<void(absl::string_view)> say_;
  bool shows_ = false;
  std::unique_ptr<StreamSystem> system_;
  std::unique_ptr<text::M4> m4_;
};

class Streams {
 public:
  // All are borrowed. `interrupted` says why the run is to end, or "".
  Streams(const HostOptions& options, const Fleet& fleet, const Search& search,
          const sys::Environment& environment, Voice voice,
          std::function<std::string()> interrupted);

  // Reads the -j files. NotFound.
  absl::Status ReadPreloads();
  // What becomes known as the run goes on. Not while streams are being made on
  // other threads.
  void SetElected(size_t count);
  void SetMergedFile(const std::string& path);
  void SetOperandCount(size_t count);
  void SetWorkFolder(const std::string& path);
  // Called for every stream of a host, before its attributes are defined.
  void SetHostDefinitions(std::function<void(Stream&, size_t host)> define) {
    define_host_ = std::move(define);
  }
  void DefineMore(Stream& stream, size_t host) const {
    if (define_host_) define_host_(stream, host);
  }

  enum class Messages { kPassOn, kKeep };
  // From any thread, once ReadPreloads is done. `sink` takes the output in the
  // place of Stream::output.
  std::unique_ptr<Stream> New(
      absl::string_view phase, Messages messages,
      StreamSystem::Mode mode = StreamSystem::Mode::kReal,
      std::function<void(absl::string_view)> sink = nullptr) const;

  const HostOptions& options() const { return options_; }
  const Fleet& fleet() const { return fleet_; }
  const Search& search() const { return search_; }
  const sys::Environment& environment() const { return environment_; }
  const Voice& voice() const { return voice_; }
  FileCache& files() const { return files_; }
  bool safe() const { return settings_.safe; }
  std::string WhyInterrupted() const {
    return settings_.interrupted ? settings_.interrupted() : "";
  }

 private:
  void MakeBeginning();
  text::M4Options OptionsOfM4() const;

  const HostOptions& options_;
  const Fleet& fleet_;
  const Search& search_;
  const sys::Environment& environment_;
  Voice voice_;
  mutable FileCache files_;
  SystemSettings settings_;
  struct Preload {
    std::string name;
    std::shared_ptr<const std::string> text;
  };
  std::vector<Preload> preloads_;
  size_t elected_ = 0;
  std::optional<size_t> operands_;
  std::string merged_;
  std::shared_ptr<const text::M4Definitions> beginning_;
  std::string shown_beginning_;  // as text, for -d D
  std::function<void(Stream&, size_t host)> define_host_;
};

}  // namespace hosts
