package web

// PlainHost is plainHost, for a benchmark with the real registry.
var PlainHost = plainHost
