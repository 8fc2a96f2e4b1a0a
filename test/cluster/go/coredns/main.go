// Command coredns is CoreDNS with the few plugins that the throw-away cluster needs.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
	_ "github.com/coredns/coredns/plugin/template"
)

// The order is the order in which plugins see a query: template answers only what kubernetes leaves.
func init() {
	dnsserver.Directives = []string{"reload", "ready", "health", "errors", "cache", "loadbalance", "kubernetes", "template"}
}

func main() { coremain.Run() }
