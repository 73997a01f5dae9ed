package signing

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// maxDIDWeb is how long a DID may be whose document is asked for: a host name has 253 characters at the most, and
// aggregators put a word or two behind it.
const maxDIDWeb = 1024

const didWebPrefix = "did:web:"

// didWebAddress is where the document of a did:web lies, by https alone. The DID is whoever signed's choice, so that it
// is read to the letter: a host name and never an address, a port if its colon is written %3A, and path segments that
// lead nowhere but down. The did:web method, 2 and 3.2.
func didWebAddress(did string) (string, error) {
	text, ok := strings.CutPrefix(did, didWebPrefix)
	if !ok {
		return "", errors.New("it is no did:web")
	}
	if len(did) > maxDIDWeb {
		return "", errors.New("it is too long")
	}
	host, path, below := strings.Cut(text, ":")
	authority, err := didWebHost(host)
	if err != nil {
		return "", err
	}
	if !below {
		return "https://" + authority + "/.well-known/did.json", nil
	}
	for s := range strings.SplitSeq(path, ":") {
		if err := didWebSegment(s); err != nil {
			return "", err
		}
	}
	return "https://" + authority + "/" + strings.ReplaceAll(path, ":", "/") + "/did.json", nil
}

// didWebLetters are what labels of a host name are made of. They are looked at before anything is written small: some
// letters of other scripts become ASCII then, and the name another's.
const didWebLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

// didWebHost is the host with its port.
func didWebHost(s string) (string, error) {
	host, port := s, ""
	if i := strings.IndexByte(s, '%'); i >= 0 {
		// Nothing in a host name needs to be escaped, so that an escape is the colon of a port.
		if len(s) < i+4 || !strings.EqualFold(s[i:i+3], "%3a") {
			return "", errors.New("its host holds an escape that is no colon of a port")
		}
		host, port = s[:i], s[i+3:]
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
			return "", errors.New("its port is none")
		}
		port = ":" + port
	}
	if len(host) > 253 {
		return "", errors.New("its host is no host name")
	}
	labels := strings.Split(host, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' || strings.Trim(l, didWebLetters) != "" {
			return "", errors.New("its host is no host name")
		}
	}
	// Some resolvers take numbers of other forms, 0x7f.1 or 2130706433, for addresses, too: no top-level domain begins
	// with a digit. RFC 3696, 2.
	if _, err := netip.ParseAddr(host); err == nil || labels[len(labels)-1][0] <= '9' {
		return "", errors.New("its host is an address, and did:web allows names alone")
	}
	return strings.ToLower(host) + port, nil
}

// didWebSegment checks a part of the path. W3C DID 1.0, 3.1: letters, digits, ".", "-", "_" and escapes.
func didWebSegment(s string) error {
	plain, err := url.PathUnescape(s)
	if err != nil || s == "" || plain == "." || plain == ".." || strings.ContainsAny(plain, "/\\?#") {
		return errors.New("its path is none")
	}
	for i := range len(s) {
		c := s[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte(".-_%", c) >= 0 {
			continue
		}
		return errors.New("its path is none")
	}
	for i := range len(plain) {
		if plain[i] < ' ' || plain[i] == 0x7f {
			return errors.New("its path is none")
		}
	}
	return nil
}

// fetched gets the document of a did:web, where nothing else is wrong with the credential: whoever made a credential
// that counts for nothing shall not choose whom we ask. A document that the issuer's own server gives says which keys
// are the issuer's, and not that anybody trusts the issuer. nil: there is none; why is said. CAWG identity 1.3, 8.1.
func (a *aggregation) fetched(did string) *DIDDocument {
	address, err := didWebAddress(did)
	switch {
	case err != nil:
		a.say("cawg.ica.invalid_issuer", "%q names no place of a document: %v", did, err)
		return nil
	case a.wrong || a.alg.name == "":
		a.say("cawg.ica.did_unavailable", "the document of %q is not at hand, and is not fetched for a credential that does not hold", did)
		return nil
	case a.in.Get == nil:
		a.out.Unfetched = address
		a.say("cawg.ica.did_unavailable", "the document of %q is not at hand, and is not fetched", did)
		return nil
	}
	text, err := a.in.Get(address)
	if err != nil {
		a.say("cawg.ica.did_unavailable", "the document of %q could not be had: %v", did, err)
		return nil
	}
	a.say("cawg.ica.untrusted_issuer", "nobody named the issuer as trusted: its document was fetched, and tells its keys alone")
	doc, err := ParseDID(text)
	if err == nil && doc.ID != did {
		err = errors.New("the DID document at its address is of another DID")
	}
	if err != nil {
		a.say("cawg.ica.invalid_did_document", "%v", err)
		return nil
	}
	return doc
}
