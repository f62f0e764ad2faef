// What the tests of job files share.
#pragma once

#include <absl/strings/str_join.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "mcfeely/jobfile.h"

namespace mcfeely {

// The example of jobfile(5).
inline constexpr char kExample[] = R"(# create a virtual domain
param      domain
param      ip        192.0.2.7
description "virtual domain ${domain}"
failure    ops@example.com
success    sales@example.com
default    timeout=5m retry-for=2d

task zone    ns1.example.com   virtdom_named_conf_add ${domain}
task nshup   ns1.example.com   virtdom_named_hup           : step=10
task web     www3.example.com  virtdom_httpd_conf_add ${domain} ${ip}
task stats   www3.example.com  virtdom_httpd_stats_conf ${domain}
task wwwhup  www3.example.com  virtdom_httpd_hup
task tell    hub.example.com   virtdom_alias_info ${domain} : delay=10m

group httpd  web stats
require nshup  zone
require wwwhup httpd
require tell   nshup wwwhup
imply   zone   nshup
imply   httpd  wwwhup
)";

inline Parsed Parse(const std::string& text, const JobOptions& options = {}) {
  return ParseJob({{"x.job", text}}, options);
}

// The job of a text that must be right.
inline Job Right(const std::string& text, const JobOptions& options = {}) {
  Parsed parsed = Parse(text, options);
  INFO(text);
  REQUIRE(parsed.errors == std::vector<std::string>{});
  return parsed.job;
}

// The errors of a text that must be wrong, one a line.
inline std::string Wrong(const std::string& text,
                         const JobOptions& options = {}) {
  return absl::StrJoin(Parse(text, options).errors, "\n");
}

// "b:a c:a,b" for b requires a, c requires a and b; tasks in order.
std::string Edges(const Job& job);
// "a b c"
std::string Names(const Job& job);

}  // namespace mcfeely
