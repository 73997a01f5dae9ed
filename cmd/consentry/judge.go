package main

import "context"

// verify judges the assets and writes the answer.
func (p *program) verify(ctx context.Context, o *verifyOptions) error {
	return &notYetError{What: "verify"}
}
