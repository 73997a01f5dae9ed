// Package fetch is the only code of the project that touches the network, and it does so only where the user named an
// address on the command line ([Client]: sign --tsa) or allowed a run to ask for what files and certificates name, or
// for the official lists ([Getter]: verify --fetch, trust update|diff --fetch).
//
// It refuses addresses with user names, schemes other than http and https, and answers beyond a size; it sends no
// cookies and reads no credentials. What is posted follows no redirect; [Getter.Get] asks by https alone and follows
// three, each of which is held to the same rules as the first address. Start with [Client.Post] and [Getter.Get].
package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"
)

// Client asks one address at a time. The zero value is ready, with the limits below.
type Client struct {
	Timeout   time.Duration     // of the whole exchange; zero: [DefaultTimeout]
	MaxAnswer int64             // bytes of an answer; zero: [DefaultMaxAnswer]
	Transport http.RoundTripper // zero: a fresh one, over the environment's proxy
}

// The limits where a Client names none. Time-stamp authorities answer with 3 to 8 KiB within a second or two; what
// takes ten times as much is no answer to wait for.
const (
	DefaultTimeout   = 30 * time.Second
	DefaultMaxAnswer = 64 << 10
)

// Post sends body and returns the answer, which must have the status 200 and the media type want.
func (c *Client) Post(ctx context.Context, address, mediaType, want string, body []byte) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("this is no web address")
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, errors.New("the address must start with http:// or https:// and carry no user name")
	}
	timeout, most, transport := c.Timeout, c.MaxAnswer, c.Transport
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	if most == 0 {
		most = DefaultMaxAnswer
	}
	if transport == nil {
		transport = &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", mediaType)
	req.Header.Set("Accept", want)
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers with status %d", u.Host, res.StatusCode)
	}
	if got, _, err := mime.ParseMediaType(res.Header.Get("Content-Type")); err != nil || got != want {
		return nil, fmt.Errorf("%s answers with another kind of data than %s", u.Host, want)
	}
	answer, err := io.ReadAll(io.LimitReader(res.Body, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(answer)) > most {
		return nil, fmt.Errorf("%s answers with more than %d bytes", u.Host, most)
	}
	return answer, nil
}
