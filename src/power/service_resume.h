// At the start of a service: hosts whose switching was not finished
// (unfinished.h) are looked at, told of, and switched on if that is wanted.
#pragma once

#include <string>
#include <vector>

#include "power/journal_record.h"
#include "power/service_run.h"

namespace power {

class ServiceResume {
 public:
  ServiceResume(ServiceRun& service, bool switches_on)
      : service_(service), switches_on_(switches_on) {}
  ServiceResume(const ServiceResume&) = delete;

  // Reads the journal; BLOCKS while it does. The rest goes on with the loop.
  void Start();

 private:
  void Looked(const JournalRecord& record, const ServiceResult& result);
  void SwitchOn(const JournalRecord& record, PlugState found);
  void Close(const JournalRecord& record, std::string text, PlugState after);

  ServiceRun& service_;
  const bool switches_on_;
  std::vector<JournalRecord> records_;
};

}  // namespace power
