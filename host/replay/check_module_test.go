package replay_test

import (
	"context"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/postern-wasm/postern/host"
	"github.com/postern-wasm/postern/host/replay"
)

func TestCheck(t *testing.T) {
	wasm, err := os.ReadFile("../../testdata/replay/bench.wasm")
	if err != nil {
		t.Fatal(err)
	}
	none, odd := []replay.Problem{}, []replay.Problem{{Path: "realm", Message: "odd"}}
	tests := []struct {
		law, config string
		want        replay.Report
	}{
		{"an accepted configuration has nothing to report", "{}", replay.Report{OK: true, Errors: none, Warnings: none}},
		{"a warning refuses nothing, and comes once", "?", replay.Report{OK: true, Errors: none, Warnings: odd}},
		{"errors and warnings of a refused one", "!", replay.Report{
			Errors:   []replay.Problem{{Path: "rules[0].x", Message: "bad"}, {Path: "default", Message: "worse: much"}},
			Warnings: odd,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			got, err := replay.Check(context.Background(), wasm, []byte(tt.config), nil)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(*got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", *got, tt.want)
			}
		})
	}
	t.Run("a trap is an error without a path", func(t *testing.T) {
		got, err := replay.Check(context.Background(), wasm, []byte("X"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got.OK || len(got.Errors) != 1 || got.Errors[0].Path != "" || !strings.Contains(got.Errors[0].Message, "configure") {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("what is no module gives no report", func(t *testing.T) {
		var le *host.LoadError
		if got, err := replay.Check(context.Background(), []byte("no"), nil, nil); !errors.As(err, &le) {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}
