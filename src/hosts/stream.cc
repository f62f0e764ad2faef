#include "hosts/stream.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include "base/status.h"
#include "hosts/definition_text.h"

namespace hosts {

void Stream::Show(absl::string_view name, absl::string_view value) {
  if (shows_) say_(DefinitionText(name, value));
}

void Stream::DefineOurs(absl::string_view name, absl::string_view value) {
  Define(streams_->options().Macro(name), value);
}

void Stream::Define(absl::string_view name, absl::string_view value) {
  Show(name, value);
  m4_->Define(name, value);
}

int Stream::Finish() {
  const int status = m4_->Finish();
  return status == 0 && system_->refused() ? 1 : status;
}

void Stream::DefineHost(size_t host) {
  const Table& table = streams_->fleet().table;
  DefineOurs("B", absl::StrCat(table.Mentions(host)));
  streams_->DefineMore(*this, host);
  for (const Attribute& a : table.Attributes(host)) {
    Show(table.Name(a.name), table.Value(a.value));
    m4_->Define(table.Name(a.name), table.Value(a.value));
  }
}

void Stream::PushHost(size_t host) {
  const Table& table = streams_->fleet().table;
  const std::string mentions = absl::StrCat(table.Mentions(host));
  Show(streams_->options().Macro("B"), mentions);
  m4_->Push(streams_->options().Macro("B"), mentions);
  for (const Attribute& a : table.Attributes(host)) {
    Show(table.Name(a.name), table.Value(a.value));
    m4_->Push(table.Name(a.name), table.Value(a.value));
  }
}

void Stream::PopHost(size_t host) {
  const Table& table = streams_->fleet().table;
  for (const Attribute& a : table.Attributes(host)) {
    m4_->Pop(table.Name(a.name));
  }
  m4_->Pop(streams_->options().Macro("B"));
}

Streams::Streams(const HostOptions& options, const Fleet& fleet,
                 const Search& search, const sys::Environment& environment,
                 Voice voice, std::function<std::string()> interrupted)
    : options_(options),
      fleet_(fleet),
      search_(search),
      environment_(environment),
      voice_(std::move(voice)) {
  for (const std::string& folder : options.include_folders) {
    settings_.include_folders.push_back(folder == "--" ? search.own_folder()
                                                       : folder);
  }
  settings_.safe = options.safe || fleet.untrusted;
  if (settings_.safe) {
    std::vector<std::string> allowed = settings_.include_folders;
    allowed.push_back(search.own_folder());
    settings_.allowed_folders = ResolvedFolders(allowed);
  }
  if (const auto path = environment.Get("M4PATH")) {
    for (absl::string_view folder :
         absl::StrSplit(*path, ':', absl::SkipEmpty())) {
      settings_.include_folders.emplace_back(folder);
    }
  }
  settings_.environment = &environment;
  settings_.files = &files_;
  settings_.interrupted = std::move(interrupted);
  MakeBeginning();
}

text::M4Options Streams::OptionsOfM4() const {
  text::M4Options options;
  options.debug_flags = options_.m4_debug;
  options.safe = settings_.safe;
  return options;
}

absl::Status Streams::ReadPreloads() {
  StreamSystem system(settings_, StreamSystem::Mode::kReal, nullptr, nullptr);
  for (const std::string& name : options_.preloads) {
    const absl::StatusOr<text::M4System::File> file = system.Read(name);
    if (!file.ok()) {
      return base::Context(file.status(), absl::StrCat("-j ", name));
    }
    preloads_.push_back({file->name, file->content});
  }
  return absl::OkStatus();
}

void Streams::SetElected(size_t count) {
  elected_ = count;
  MakeBeginning();
}
void Streams::SetMergedFile(const std::string& path) {
  merged_ = path;
  MakeBeginning();
}
void Streams::SetOperandCount(size_t count) {
  operands_ = count;
  MakeBeginning();
}
void Streams::SetWorkFolder(const std::string& path) {
  settings_.work_folder = path;
  if (settings_.safe) {
    for (std::string& folder : ResolvedFolders({path})) {
      settings_.allowed_folders.push_back(std::move(folder));
    }
  }
}

// All streams share these definitions, which cost each of them nothing.
void Streams::MakeBeginning() {
  text::M4 m4(OptionsOfM4(), nullptr, {});
  shown_beginning_.clear();
  for (const Definition& d : options_.definitions) {
    if (d.undefine) {
      m4.Undefine(d.name);
      absl::StrAppend(&shown_beginning_, "undefine(`", d.name, "')dnl\n");
    } else {
      m4.Define(d.name, d.value);
      shown_beginning_ += DefinitionText(d.name, d.secret ? "..." : d.value);
    }
  }
  const auto define = [&](absl::string_view name, absl::string_view value) {
    if (value.empty()) return;
    m4.Define(options_.Macro(name), value);
    shown_beginning_ += DefinitionText(options_.Macro(name), value);
  };
  define("OPT_C", fleet_.configs);
  define("OPT_X", fleet_.extras);
  define("OPT_Z", fleet_.defaults);
  define("U_COUNT", absl::StrCat(fleet_.table.size()));
  if (elected_ != 0) define("U_SELECTED", absl::StrCat(elected_));
  define("U_MERGED", merged_);
  if (operands_) define("C", absl::StrCat(*operands_));
  beginning_ = m4.Definitions();
}

std::unique_ptr<Stream> Streams::New(
    absl::string_view phase, Messages messages, StreamSystem::Mode mode,
    std::function<void(absl::string_view)> sink) const {
  std::unique_ptr<Stream> stream(new Stream);
  Stream* const s = stream.get();
  s->streams_ = this;
  text::M4Sinks sinks;
  if (sink) {
    sinks.output = std::move(sink);
  } else {
    sinks.output = [s](absl::string_view text) {
      s->output_.append(text.data(), text.size());
    };
  }
  if (messages == Messages::kPassOn) {
    sinks.messages = voice_.raw;
  } else {
    sinks.messages = [s](absl::string_view text) {
      s->messages_.append(text.data(), text.size());
    };
  }
  s->say_ = sinks.messages;
  s->system_ = std::make_unique<StreamSystem>(settings_, mode, sinks.output,
                                              sinks.messages);
  text::M4Options m4_options = OptionsOfM4();
  m4_options.limits.stop = [s] { return s->system_->WhyStop(); };
  s->m4_ = std::make_unique<text::M4>(std::move(m4_options), s->system_.get(),
                                      std::move(sinks), beginning_);
  s->shows_ = options_.Debugs('D');
  if (s->shows_) s->say_(shown_beginning_);
  s->DefineOurs("PHASE", phase);
  for (const Preload& preload : preloads_) {
    s->m4_->Expand(preload.name, *preload.text);
  }
  return stream;
}

}  // namespace hosts
