package fetch

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Hosts are the only hosts that may be asked; none: any may. A name stands for itself, one with a dot in front for all
// names below it and for itself.
type Hosts []string

// maxHost is the longest name that the domain name system has, in bytes. RFC 1035, 2.3.4.
const maxHost = 253

// ParseHost reads a host as an operator names it: letters, digits, hyphens and dots, without scheme, port or path.
func ParseHost(text string) (string, error) {
	name := strings.ToLower(strings.TrimSuffix(text, "."))
	if bare := strings.TrimPrefix(name, "."); bare == "" || len(bare) > maxHost || strings.Contains(bare, "..") || strings.HasPrefix(bare, ".") {
		return "", errors.New("this is no name of a host")
	}
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return "", errors.New("a name of a host has letters, digits, hyphens and dots; scheme, port and path do not belong to it")
		}
	}
	return name, nil
}

// has says whether a host may be asked.
func (h Hosts) has(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, name := range h {
		if host == strings.TrimPrefix(name, ".") || strings.HasPrefix(name, ".") && strings.HasSuffix(host, name) {
			return true
		}
	}
	return len(h) == 0
}

// check says why an address may not be asked; nil: it may.
func (h Hosts) check(u *url.URL) error {
	if !h.has(u.Hostname()) {
		return fmt.Errorf("the host %q is not among those that may be asked", u.Hostname())
	}
	return nil
}
