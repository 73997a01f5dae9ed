package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/consentry/consentry/persons"
)

func linkFlag() cli.Flag {
	return &cli.BoolFlag{Name: "link-persons", Usage: "look for faces and compare them: how many people"}
}

// describersFrom opens what compares faces when it is needed, with the network that finds them.
func describersFrom(model, folder string) func(context.Context) (persons.Describer, error) {
	return func(ctx context.Context) (persons.Describer, error) { return openDescriber(ctx, model, folder) }
}
