"""What makes a TodoApp seen: monitors, alerts and dashboards."""
