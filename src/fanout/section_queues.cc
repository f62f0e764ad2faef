#include "fanout/section_queues.h"

#include <utility>

#include "fanout/stack.h"

namespace fanout {

int64_t OwnSections::Open(const std::string& name, int64_t place,
                          std::function<void(int64_t)> opened,
                          std::function<void(Grant)> granted) {
  const int64_t section = collator_.Open(
      name, place, [this, granted = std::move(granted)](int64_t number) {
        granted({.number = number, .fd = collator_.output()});
      });
  opened(section);
  return section;
}

int64_t OuterSections::Open(const std::string& name, int64_t,
                            std::function<void(int64_t)> opened,
                            std::function<void(Grant)> granted) {
  const int64_t id = next_++;
  auto section = std::make_unique<Section>();
  section->granted = std::move(granted);
  Section* s = section.get();
  sections_[id] = std::move(section);
  absl::StatusOr<sys::Fd> connection = ConnectManager(path_);
  if (!connection.ok()) {
    loop_.Post([lost = lost_, why = connection.status()] { lost(why); });
    return id;
  }
  CollatorClient::Options options;
  options.name = name;
  options.style = style_;
  CollatorClient::Calls calls;
  calls.agreed = [this,
                  opened = std::move(opened)](CollatorClient::Agreed agreed) {
    style_ = std::move(agreed.style);
    opened(agreed.section);
  };
  calls.granted = [s](CollatorClient::Granted granted) {
    s->stream = std::move(granted.stream);
    s->granted({.number = granted.number, .fd = s->stream.get()});
  };
  calls.lost = lost_;
  auto client = CollatorClient::Start(loop_, *std::move(connection),
                                      std::move(options), std::move(calls));
  if (client.ok()) {
    s->client = *std::move(client);
  } else {
    loop_.Post([lost = lost_, why = client.status()] { lost(why); });
  }
  return id;
}

void OuterSections::Report(int64_t id, Ready ready) {
  Section& section = *sections_.at(id);
  if (section.client != nullptr) section.client->Report(ready);
}

void OuterSections::Close(int64_t id, int status) {
  auto section = std::move(sections_.at(id));
  sections_.erase(id);
  section->stream.Reset();
  if (section->client == nullptr) return;
  section->client->Status(status);
  section->client->End();
}

}  // namespace fanout
