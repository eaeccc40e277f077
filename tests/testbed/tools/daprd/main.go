// Command daprd is Dapr's sidecar with only the components that a TodoApp's files name. Dapr's own command
// has all there are, and with them hundreds of modules, not all of which can be had.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/dapr/components-contrib/pubsub/kafka"
	"github.com/dapr/components-contrib/secretstores/local/file"
	"github.com/dapr/components-contrib/state/postgresql/v2"
	"github.com/dapr/components-contrib/state/sqlite"
	"github.com/dapr/dapr/cmd/daprd/options"
	"github.com/dapr/dapr/pkg/buildinfo"
	"github.com/dapr/dapr/pkg/components/pubsub"
	"github.com/dapr/dapr/pkg/components/secretstores"
	"github.com/dapr/dapr/pkg/components/state"
	"github.com/dapr/dapr/pkg/healthz"
	"github.com/dapr/dapr/pkg/metrics"
	"github.com/dapr/dapr/pkg/modes"
	"github.com/dapr/dapr/pkg/runtime"
	"github.com/dapr/dapr/pkg/runtime/registry"
	"github.com/dapr/dapr/pkg/security"
	"github.com/dapr/kit/concurrency"
	"github.com/dapr/kit/logger"
	"github.com/dapr/kit/signals"
	"go.opencensus.io/stats/view"
)

var log = logger.NewLogger("dapr.runtime")

func main() {
	asked, err := options.New(os.Args[1:])
	if err != nil {
		log.Fatal(err)
	}
	if asked.RuntimeVersion {
		fmt.Println(buildinfo.Version())
		return
	}
	asked.Logger.SetAppID(asked.AppID)
	if err := logger.ApplyOptionsToLoggers(&asked.Logger); err != nil {
		log.Fatal(err)
	}
	if err := run(signals.Context(), asked); err != nil {
		log.Fatalf("Fatal error from runtime: %s", err)
	}
}

func run(ctx context.Context, asked *options.Options) error {
	health := healthz.New()
	identity, err := security.New(ctx, security.Options{
		ControlPlaneTrustDomain: asked.ControlPlaneTrustDomain,
		ControlPlaneNamespace:   asked.ControlPlaneNamespace,
		AppID:                   asked.AppID,
		Mode:                    modes.DaprMode(asked.Mode),
		Healthz:                 health,
	})
	if err != nil {
		return err
	}
	serve := func(ctx context.Context) error {
		handler, err := identity.Handler(ctx)
		if err != nil {
			return err
		}
		config := configuration(asked)
		config.Security, config.Healthz, config.Metrics.Healthz = handler, health, health
		sidecar, err := runtime.FromConfig(ctx, config)
		if err != nil {
			return err
		}
		return sidecar.Run(ctx)
	}
	return concurrency.NewRunnerManager(identity.Run, serve).Run(ctx)
}

func configuration(asked *options.Options) *runtime.Config {
	return &runtime.Config{
		AppID:                        asked.AppID,
		ActorsDisseminationTimeout:   asked.ActorsDisseminationTimeout,
		AllowedOrigins:               asked.AllowedOrigins,
		AppBindingOptionsTimeout:     asked.AppBindingOptionsTimeout,
		AppChannelAddress:            asked.AppChannelAddress,
		AppHealthCheckPath:           asked.AppHealthCheckPath,
		AppHealthProbeInterval:       asked.AppHealthProbeInterval,
		AppHealthProbeTimeout:        asked.AppHealthProbeTimeout,
		AppHealthThreshold:           asked.AppHealthThreshold,
		AppMaxConcurrency:            asked.AppMaxConcurrency,
		AppProtocol:                  asked.AppProtocol,
		ApplicationPort:              asked.AppPort,
		Config:                       asked.Config,
		DaprAPIGRPCPort:              asked.DaprAPIGRPCPort,
		DaprAPIListenAddresses:       asked.DaprAPIListenAddresses,
		DaprBlockShutdownDuration:    asked.DaprBlockShutdownDuration,
		DaprGracefulShutdownSeconds:  asked.DaprGracefulShutdownSeconds,
		DaprHTTPPort:                 asked.DaprHTTPPort,
		DaprInternalGRPCPort:         asked.DaprInternalGRPCPort,
		DaprPublicPort:               asked.DaprPublicPort,
		DisableBuiltinK8sSecretStore: asked.DisableBuiltinK8sSecretStore,
		DisableInitEndpoints:         asked.DisableInitEndpoints,
		EnableAPILogging:             asked.EnableAPILogging,
		EnableAppHealthCheck:         asked.EnableAppHealthCheck,
		HotReloadReconcileInterval:   asked.HotReloadReconcileInterval,
		MaxRequestSize:               asked.MaxRequestSize,
		Metrics: metrics.Options{
			Enabled:       asked.Metrics.Enabled(),
			ListenAddress: asked.Metrics.ListenAddress(),
			Log:           log,
			Meter:         view.NewMeter(),
			Namespace:     metrics.DefaultMetricNamespace,
			Port:          asked.Metrics.Port(),
		},
		Mode:             asked.Mode,
		ProfilePort:      asked.ProfilePort,
		ReadBufferSize:   asked.ReadBufferSize,
		Registry:         components(),
		ResourcesPath:    asked.ResourcesPath,
		SchedulerAddress: asked.SchedulerAddress,
		SchedulerStreams: asked.SchedulerJobStreams,
	}
}

func components() *registry.Options {
	pubsub.DefaultRegistry.Logger = log
	secretstores.DefaultRegistry.Logger = log
	state.DefaultRegistry.Logger = log
	pubsub.DefaultRegistry.RegisterComponent(kafka.NewKafka, "kafka")
	secretstores.DefaultRegistry.RegisterComponent(file.NewLocalSecretStore, "local.file")
	state.DefaultRegistry.RegisterComponent(postgresql.NewPostgreSQLStateStore, "postgresql/v2")
	state.DefaultRegistry.RegisterComponent(sqlite.NewSQLiteStateStore, "sqlite")
	return registry.NewOptions().
		WithPubSubs(pubsub.DefaultRegistry).
		WithSecretStores(secretstores.DefaultRegistry).
		WithStateStores(state.DefaultRegistry)
}
