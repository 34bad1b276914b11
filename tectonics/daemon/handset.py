"""What `tectonics dial` uses of the simulators: a gateway that waits for its answers."""

from tectonics.simulators.ussd_gateway import BlockingGateway, GatewayFault

__all__ = ["BlockingGateway", "GatewayFault"]
