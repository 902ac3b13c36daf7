package store

import (
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Eavesdropped tells whether somebody between this machine and the database could read the connection, or answer in the
// database's place: it leaves the machine, and TLS is not demanded, or takes any certificate. An address that
// cannot be read is none: opening it says so.
func Eavesdropped(url string) bool {
	cfg, err := pgx.ParseConfig(url)
	if url == "" || err != nil || local(cfg.Host) {
		return false
	}
	if cfg.TLSConfig == nil || cfg.TLSConfig.InsecureSkipVerify {
		return true
	}
	for _, f := range cfg.Fallbacks {
		if !local(f.Host) && (f.TLSConfig == nil || f.TLSConfig.InsecureSkipVerify) {
			return true
		}
	}
	return false
}

// local is a socket in the file system, or this machine.
func local(host string) bool {
	ip := net.ParseIP(host)
	return strings.HasPrefix(host, "/") || host == "localhost" || ip != nil && ip.IsLoopback()
}
