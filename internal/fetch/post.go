package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
)

// Post asks a responder whose address a certificate chose, by http or https: what responders say is signed, and most of
// them know no TLS. For the rest it is as careful as [Getter.Get], and it follows no redirect. The same question to the
// same address is asked once.
func (g *Getter) Post(ctx context.Context, address, mediaType, want string, body []byte, most int64) (status int, got []byte, err error) {
	sum := sha256.Sum256(body)
	key := address + " " + string(sum[:])
	g.mu.Lock()
	a := g.kept[key]
	g.mu.Unlock()
	if !a.serves(most) {
		a = g.post(ctx, address, mediaType, want, body, most)
		if ctx.Err() == nil {
			g.keep(key, a)
		}
	}
	got, err = a.give(most)
	return a.status, got, err
}

func (g *Getter) post(ctx context.Context, address, mediaType, want string, body []byte, most int64) *answer {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxAddress {
		return &answer{err: errNoAddress}
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return &answer{err: errors.New("only http and https addresses without a user name are asked")}
	}
	if err := g.Hosts.check(u); err != nil {
		return &answer{err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, g.timeout())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return &answer{err: err}
	}
	req.Header.Set("User-Agent", "consentry")
	req.Header.Set("Content-Type", mediaType)
	req.Header.Set("Accept", want)
	client := &http.Client{Transport: g.transport(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return &answer{err: plain(err)}
	}
	defer res.Body.Close()
	a := &answer{status: res.StatusCode, final: address}
	if res.StatusCode != http.StatusOK {
		a.err = fmt.Errorf("it answers with the status %d", res.StatusCode)
		return a
	}
	if got, _, err := mime.ParseMediaType(res.Header.Get("Content-Type")); err != nil || got != want {
		a.err = fmt.Errorf("it answers with another kind of data than %s", want)
		return a
	}
	a.read(res.Body, most)
	return a
}
