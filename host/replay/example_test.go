package replay_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/postern-wasm/postern/host/replay"
)

func Example() {
	ctx := context.Background()
	e := replay.New(replay.Options{Module: "../../testdata/replay/bench.wasm"})
	defer e.Close(ctx) //nolint:errcheck // nothing is left to lose
	cases := strings.NewReader(`{"name": "no", "config": {}, "request": {"authority": "h", "path": "/d"}}
{"name": "yes", "request": {"authority": "h", "path": "/a", "headers": [["X-A", "b"]]}}
`)
	if err := e.Run(ctx, cases, os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"name":"no","allowed":false,"status":401,"reason":"expired","provider":"corp","response_headers":[["x-why","because"],["content-length","2"],["content-type","text/plain"],["x-guest","yes"]],"response_body":"no","upstream":null}
	// {"name":"yes","allowed":true,"status":null,"reason":"","provider":null,"response_headers":[],"response_body":"","upstream":{"path":"/a","headers":[["x-a","b"]]}}
}
