//! HTTP: server and client on hyper, TLS, authentication, limits, capped decompression, and the remote-write codec.
