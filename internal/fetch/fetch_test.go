package fetch_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/fetch"
)

// answers is a transport that opens no connection.
type answers func(*http.Request) (*http.Response, error)

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

func answer(status int, mediaType string, body []byte) answers {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {mediaType}, "Location": {"http://elsewhere.example/"}}, Body: io.NopCloser(bytes.NewReader(body))}, nil
	}
}

func TestPost(t *testing.T) {
	const want = "application/timestamp-reply"
	for _, c := range []struct {
		name, address string
		with          answers
		ok            bool
	}{
		{"an answer", "https://tsa.example/", answer(200, want, []byte("x")), true},
		{"an answer with parameters in its type", "https://tsa.example/", answer(200, want+"; charset=binary", []byte("x")), true},
		{"an answer at the limit", "https://tsa.example/", answer(200, want, make([]byte, fetch.DefaultMaxAnswer)), true},
		{"an answer one byte past the limit", "https://tsa.example/", answer(200, want, make([]byte, fetch.DefaultMaxAnswer+1)), false},
		{"an answer of another kind", "https://tsa.example/", answer(200, "text/html", nil), false},
		{"an error", "https://tsa.example/", answer(500, want, nil), false},
		{"a redirect", "https://tsa.example/", answer(302, want, nil), false},
		{"a file", "file:///etc/passwd", answer(200, want, nil), false},
		{"an address with a user name", "https://me:secret@tsa.example/", answer(200, want, nil), false},
		{"no host", "https:///x", answer(200, want, nil), false},
		{"no address", "://", answer(200, want, nil), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := 0
			client := fetch.Client{Transport: answers(func(r *http.Request) (*http.Response, error) { asked++; return c.with(r) })}
			got, err := client.Post(context.Background(), c.address, "application/timestamp-query", want, []byte("q"))
			if (err == nil) != c.ok || err != nil && got != nil {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			if asked > 1 {
				t.Errorf("asked %d times", asked)
			}
		})
	}
	t.Run("an authority that does not answer is given up", func(t *testing.T) {
		client := fetch.Client{Timeout: time.Millisecond, Transport: answers(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		if _, err := client.Post(context.Background(), "https://tsa.example/", "a/b", want, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}
