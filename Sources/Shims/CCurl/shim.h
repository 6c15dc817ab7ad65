#pragma once
// curl_easy_setopt and curl_easy_getinfo are variadic macros, which Swift does not import: one plain
// function per kind of argument.
#include <curl/curl.h>

static inline CURLcode weave_curl_setopt_long(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode weave_curl_setopt_large(CURL *handle, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode weave_curl_setopt_pointer(CURL *handle, CURLoption option, const void *value) {
  return curl_easy_setopt(handle, option, value);
}
typedef size_t (*weave_curl_data_callback)(char *data, size_t size, size_t count, void *context);
static inline CURLcode weave_curl_setopt_callback(CURL *handle, CURLoption option, weave_curl_data_callback value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode weave_curl_getinfo_long(CURL *handle, CURLINFO info, long *value) {
  return curl_easy_getinfo(handle, info, value);
}
static inline CURLMcode weave_curl_multi_setopt_long(CURLM *handle, CURLMoption option, long value) {
  return curl_multi_setopt(handle, option, value);
}
// CURLMsg keeps its result in a union, and CURL_WRITEFUNC_PAUSE and CURL_ERROR_SIZE are macros.
static inline CURLcode weave_curl_message_result(const CURLMsg *message) { return message->data.result; }
static const size_t weave_curl_pause_writing = CURL_WRITEFUNC_PAUSE;
static const size_t weave_curl_error_bytes = CURL_ERROR_SIZE;
static inline CURLcode weave_curl_global_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }
