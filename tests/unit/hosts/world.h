// Host files as texts, read and joined without any file.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hosts/hostfile.h"
#include "hosts/table.h"

namespace hosts_test {

inline constexpr absl::string_view kFleet =
    "# fleet\n"
    "SITE=`lab'\n"
    "%HOST\tSHORT\tARCH\tCORES\tOWNER\n"
    "alpha.lab.example\talpha\tamd64\t8\t`Ada L.'\n"
    "beta.lab.example\tbeta\tarm64\t4\t.\n"
    "gamma.lab.example\tgamma\tamd64\t.\t\"Bo\\tD\"\n"
    "SITE=\"edge\"\n"
    "%%\tSHORT\tTAGS\n"
    "delta.edge.example\tdelta\t\"dns,ntp\"\n";

struct Input {
  hosts::FileKind kind;
  std::string text;
};

struct Joined {
  explicit Joined(absl::string_view key) : table(key) {}
  hosts::Table table;
  hosts::Remarks remarks;
  absl::Status status;

  // "alpha.lab.example:SITE=lab,SHORT=alpha", without the key.
  std::string Host(size_t host) const {
    std::string out = std::string(table.HostName(host)) + ":";
    bool first = true;
    for (const hosts::Attribute& a : table.Attributes(host)) {
      if (a.name == 0) continue;
      out += first ? "" : ",";
      first = false;
      out += std::string(table.Name(a.name)) + "=" +
             std::string(table.Value(a.value));
    }
    return out;
  }
  std::vector<std::string> Hosts() const {
    std::vector<std::string> out;
    for (size_t h = 0; h < table.size(); h++) out.push_back(Host(h));
    return out;
  }
  std::vector<size_t> All() const {
    std::vector<size_t> all;
    for (size_t h = 0; h < table.size(); h++) all.push_back(h);
    return all;
  }
};

// The files are called f1, f2 ... in messages.
inline std::unique_ptr<Joined> Join(const std::vector<Input>& files,
                                    absl::string_view key = "HOST") {
  auto joined = std::make_unique<Joined>(key);
  joined->remarks.want_missing = true;
  hosts::Joiner joiner(joined->table);
  int number = 0;
  for (const Input& file : files) {
    joined->status =
        hosts::ReadHostFile("f" + std::to_string(++number), file.text,
                            file.kind, joiner, joined->table, joined->remarks);
    if (!joined->status.ok()) return joined;
  }
  joiner.Finish();
  return joined;
}

inline std::unique_ptr<Joined> JoinText(std::string text,
                                        absl::string_view key = "HOST") {
  return Join({{hosts::FileKind::kHosts, std::move(text)}}, key);
}

}  // namespace hosts_test
