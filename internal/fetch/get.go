package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Getter gets documents whose address a file chose. It asks by https alone, opens no connection to an address that is
// not public, checks redirects as it checks the first address, and goes through no proxy, behind which it could not
// tell. The zero value is ready.
//
// What it got it keeps for its own lifetime, so that many files that name one list cost one request.
type Getter struct {
	Timeout time.Duration // of one document with its redirects; zero: [GetTimeout]
	Hosts   Hosts         // the only ones that are asked; none: any
	// Allow says which addresses may be connected to; nil: public ones. It is for tests, whose servers are on loopback.
	Allow func(netip.Addr) bool
	// Roots are trusted for TLS; nil: the system's.
	Roots *x509.CertPool

	mu   sync.Mutex
	kept map[string]*answer
	size int64 // bytes kept
}

// Limits of a Getter. Lists and tokens are small and lie on web servers that answer at once.
const (
	GetTimeout   = 10 * time.Second
	maxRedirects = 3
	maxHeader    = 64 << 10
	maxKept      = 64 << 20 // bytes of all documents that are kept
	maxAddress   = 2048     // bytes of a URL
)

// answer is what a server said, or why nothing came.
type answer struct {
	status int
	final  string
	body   []byte
	err    error
	least  int64 // it has so many bytes and was not read to its end; zero: it was
}

// serves says whether an answer that was kept is one for those who take most bytes.
func (a *answer) serves(most int64) bool { return a != nil && (a.least == 0 || most < a.least) }

// give is the body, or why there is none of most bytes at the most.
func (a *answer) give(most int64) ([]byte, error) {
	if a.least > 0 || int64(len(a.body)) > most {
		return nil, fmt.Errorf("it has more than %d bytes", most)
	}
	return a.body, a.err
}

// Get returns a document of most bytes at the most. The address that answered is given where there was an answer.
func (g *Getter) Get(ctx context.Context, address string, most int64) (status int, final string, body []byte, err error) {
	return g.get(ctx, address, most, false)
}

// GetSameHost is Get without redirects to another host, or to another port of this one: of a server that the operator
// named, which must not choose whom else we ask.
func (g *Getter) GetSameHost(ctx context.Context, address string, most int64) (status int, final string, body []byte, err error) {
	return g.get(ctx, address, most, true)
}

func (g *Getter) get(ctx context.Context, address string, most int64, same bool) (status int, final string, body []byte, err error) {
	key := address
	if same {
		key = "same host " + address // what a redirect led to elsewhere is no answer here
	}
	g.mu.Lock()
	a := g.kept[key]
	g.mu.Unlock()
	if !a.serves(most) {
		a = g.ask(ctx, address, most, same)
		if ctx.Err() == nil {
			g.keep(key, a)
		}
	}
	body, err = a.give(most)
	return a.status, a.final, body, err
}

// keep remembers an answer, also that there is none: a server that hangs is asked once. A document that was too large
// for one who asked is asked for again by those who take more.
func (g *Getter) keep(address string, a *answer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	cost := int64(len(a.body) + len(address) + 256)
	if g.size+cost > maxKept {
		return
	}
	if g.kept == nil {
		g.kept = map[string]*answer{}
	}
	if old := g.kept[address]; old == nil || old.least > 0 && (a.least == 0 || a.least > old.least) {
		g.kept[address] = a
		g.size += cost
	}
}

func (g *Getter) ask(ctx context.Context, address string, most int64, same bool) *answer {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxAddress {
		return &answer{err: errNoAddress}
	}
	if err := g.may(u); err != nil {
		return &answer{err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, g.timeout())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return &answer{err: err}
	}
	req.Header.Set("User-Agent", "consentry")
	client := &http.Client{Transport: g.transport(), CheckRedirect: func(next *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return fmt.Errorf("it redirects more than %d times", maxRedirects)
		}
		if same && !strings.EqualFold(next.URL.Host, u.Host) {
			return errors.New("it redirects to another host, which only the answer names")
		}
		next.Header.Del("Referer")
		return g.may(next.URL)
	}}
	res, err := client.Do(req)
	if err != nil {
		return &answer{err: plain(err)}
	}
	defer res.Body.Close()
	a := &answer{status: res.StatusCode, final: res.Request.URL.String()}
	if res.StatusCode != http.StatusOK {
		a.err = fmt.Errorf("it answers with the status %d", res.StatusCode)
		return a
	}
	a.read(res.Body, most)
	return a
}

// errNoAddress is an address that names nothing on the web.
var errNoAddress = errors.New("this is no web address")

func (g *Getter) timeout() time.Duration {
	if g.Timeout == 0 {
		return GetTimeout
	}
	return g.Timeout
}

// read takes a body of most bytes at the most.
func (a *answer) read(from io.Reader, most int64) {
	body, err := io.ReadAll(io.LimitReader(from, most+1))
	switch {
	case err != nil:
		a.err = plain(err)
	case int64(len(body)) > most:
		a.least = most + 1
	default:
		a.body = body
	}
}

// plain is an error without the address, which is said already.
func plain(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// acceptable says what is wrong with an address, before any name is looked up.
func acceptable(u *url.URL) error {
	if u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return errors.New("only https addresses without a user name are asked")
	}
	return nil
}

// may says why an address is not asked; nil: it may be.
func (g *Getter) may(u *url.URL) error {
	if err := acceptable(u); err != nil {
		return err
	}
	return g.Hosts.check(u)
}

func (g *Getter) transport() *http.Transport {
	allow := g.Allow
	if allow == nil {
		allow = public
	}
	// Control sees the address that a name was resolved to, right before the connection: a name that changes its
	// address in between gains nothing.
	dialer := &net.Dialer{Timeout: GetTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if !allow(at.Addr().Unmap().WithZone("")) {
			return fmt.Errorf("%s is no public address", at.Addr())
		}
		return nil
	}}
	return &http.Transport{
		DialContext: dialer.DialContext, DisableKeepAlives: true, DisableCompression: true, ForceAttemptHTTP2: true,
		MaxResponseHeaderBytes: maxHeader, TLSHandshakeTimeout: GetTimeout, ResponseHeaderTimeout: GetTimeout,
		TLSClientConfig: &tls.Config{RootCAs: g.Roots, MinVersion: tls.VersionTLS12},
	}
}

// notPublic are the networks that are no part of the Internet, or stand for one that is not. IANA special-purpose
// address registries (RFC 6890 and its updates); what netip knows by itself is not repeated.
var notPublic = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10",
)

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// public says whether an address is one of the Internet.
func public(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false // loopback, link-local, multicast, unspecified, private
	}
	for _, p := range notPublic {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// Public says whether an address may be asked where a Getter has no Allow.
func Public(a netip.Addr) bool { return public(a.Unmap().WithZone("")) }
